//! Sizes as text: a whole number and a unit.

/// Units of sizes; each is 1024 times the one before.
const UNITS: [char; 4] = ['K', 'M', 'G', 'T'];

/// Checks an amount of memory as `sbatch --mem` takes it: a whole number and a unit, which is
/// megabytes if it is missing. 0 is all memory of a machine.
///
/// # Errors
/// How to write it.
pub fn slurm_memory(text: &str) -> Result<String, String> {
    match size_parts(text) {
        Some((number, _)) if number <= i64::MAX as u64 => Ok(text.to_string()),
        _ => Err(
            "give a whole number and K, M, G or T, such as 4G; a bare number is megabytes".into(),
        ),
    }
}

/// Parses a size: a whole number of bytes, or of a unit of 1024 bytes, such as 4G.
///
/// # Errors
/// How to write it.
pub fn bytes(text: &str) -> Result<u64, String> {
    let refuse =
        || "give a whole number > 0 of bytes, or with K, M, G or T, such as 4G".to_string();
    let (number, power) = size_parts(text).ok_or_else(refuse)?;
    let size = 1024_u64
        .checked_pow(power)
        .and_then(|unit| number.checked_mul(unit));
    size.filter(|&size| size > 0).ok_or_else(refuse)
}

/// A number of decimal digits, and the power of 1024 that its unit is. `4GB` is `4G`.
fn size_parts(text: &str) -> Option<(u64, u32)> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let power = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" => 0,
        unit => {
            1 + UNITS
                .iter()
                .position(|u| unit.strip_suffix('B').unwrap_or(unit) == u.to_string())?
        }
    };
    let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| whole)?;
    Some((number, u32::try_from(power).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_number_and_at_most_one_unit() {
        for good in ["0", "4000", "4G", "4g", "4GB", "4kb", "16M", "100K", "2T"] {
            assert_eq!(slurm_memory(good), Ok(good.to_string()));
        }
        for bad in [
            "",
            "G",
            "lots",
            "4 G",
            "4X",
            "4B",
            "4GG",
            "4.5G",
            "-1",
            "+1",
            "1e3",
            "4G#",
            "4GB,--wrap=x",
            "99999999999999999999",
        ] {
            assert!(slurm_memory(bad).is_err() && bytes(bad).is_err(), "{bad}");
        }
        assert_eq!(bytes("3K"), Ok(3072));
        assert_eq!(bytes("4g"), Ok(4 << 30));
        assert!(bytes("0").is_err() && bytes("20000000T").is_err());
    }
}
