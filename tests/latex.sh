#!/bin/sh
# Compiles a report's paper.tex with pdflatex, twice, in a copy of its folder. Fails on errors, undefined
# references and overfull boxes of more than 10 pt.
# Usage: latex.sh CAMPAIGN [OUTPUT]     (the PDF and a PNG of each page go to OUTPUT, default out/latex)
# Needs Debian's texlive-latex-base, texlive-latex-recommended, texlive-pictures and poppler-utils.
set -eu
campaign=$1
out=${2:-out/latex}
for tool in pdflatex pdftoppm; do
    command -v $tool >/dev/null || { echo "$tool is missing (Debian: apt-get install texlive-latex-base texlive-latex-recommended texlive-pictures poppler-utils)" >&2; exit 2; }
done
[ -f "$campaign/paper.tex" ] || { echo "$campaign/paper.tex is missing; make it with: offload-bench report $campaign" >&2; exit 2; }
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$campaign/paper.tex" "$campaign/tables" "$campaign/figures" "$work"
for pass in 1 2; do
    if ! (cd "$work" && pdflatex -interaction=nonstopmode -halt-on-error paper.tex) >"$work/pass-$pass.log" 2>&1; then
        tail -n 30 "$work/pass-$pass.log" >&2
        echo "FAIL: pdflatex, pass $pass" >&2
        exit 1
    fi
done
cp "$work/paper.pdf" "$work/paper.log" "$out"
pdftoppm -r 80 -png "$work/paper.pdf" "$out/page"
bad=$(awk '/^Overfull/ { split($0, a, "[(p]"); for (k in a) if (a[k] + 0 > 10) { print; break } } /LaTeX Warning: (Reference|Citation|There were)/ { print } /Missing character/ { print }' "$work/paper.log")
if [ -n "$bad" ]; then
    echo "$bad" >&2
    echo "FAIL: see above; the pages are in $out" >&2
    exit 1
fi
echo "ok: $(pdfinfo "$work/paper.pdf" | awk '/^Pages/ { print $2 }') pages in $out"
