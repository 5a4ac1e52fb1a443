//! The connection between the harness and its workers: a pair of Unix sockets, one JSON object a
//! line, with open files beside it where needed.
//!
//! A socket, unlike a pipe, cannot be opened through `/proc/PID/fd`, and solvers do not inherit it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Bytes read at once.
const CHUNK: usize = 1 << 16;

/// Most bytes of a line: the trajectory of a long solve stays far below.
const LONGEST_LINE: usize = 1 << 30;

/// Shortest timeout that a socket accepts.
const SHORTEST: Duration = Duration::from_millis(1);

/// What a connection delivered.
pub enum Received<T> {
    /// A message.
    Message(T),
    /// Nothing in the given time.
    Silence,
    /// The other end is closed.
    Closed,
}

/// Whether a read waits for something to read.
#[derive(Clone, Copy)]
enum Patience {
    Yes,
    No,
}

/// One end of a connection.
pub struct Channel {
    stream: UnixStream,
    read: Vec<u8>,
    files: Vec<OwnedFd>,
}

/// The sending half of a connection.
pub struct Sender(UnixStream);

impl Channel {
    /// A connection: this end, and the one that becomes a worker's stdin.
    pub fn pair() -> Result<(Channel, OwnedFd)> {
        let (ours, theirs) = UnixStream::pair()?;
        Ok((Channel::over(ours), theirs.into()))
    }

    /// The connection that this process has as its stdin.
    pub fn of_stdin() -> Result<Channel> {
        let stdin = std::io::stdin().as_fd().try_clone_to_owned()?;
        let stream = UnixStream::from(stdin);
        stream.peer_addr()?; // fails unless it is a Unix socket
        Ok(Channel::over(stream))
    }

    fn over(stream: UnixStream) -> Channel {
        Channel {
            stream,
            read: Vec::new(),
            files: Vec::new(),
        }
    }

    /// A second handle that sends.
    pub fn sender(&self) -> Result<Sender> {
        Ok(Sender(self.stream.try_clone()?))
    }

    /// Sends a message.
    pub fn send(&self, message: &impl Serialize) -> Result<()> {
        (&self.stream).write_all(&line(message)?)
    }

    /// Sends bytes that are no message. The receiver must know how many.
    pub fn send_bytes(&self, bytes: &[u8]) -> Result<()> {
        (&self.stream).write_all(bytes)
    }

    /// Sends a message together with open files.
    pub fn send_with(&self, message: &impl Serialize, files: &[BorrowedFd]) -> Result<()> {
        use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
        let line = line(message)?;
        let mut space = [std::mem::MaybeUninit::uninit(); SPACE];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        if !beside.push(SendAncillaryMessage::ScmRights(files)) {
            return Err(Error::other("too many open files for one message"));
        }
        let parts = [std::io::IoSlice::new(&line)];
        let sent = sendmsg(&self.stream, &parts, &mut beside, SendFlags::empty())?;
        (&self.stream).write_all(&line[sent..])
    }

    /// The open files that came with the messages so far, in order.
    pub fn take_files(&mut self) -> Vec<OwnedFd> {
        std::mem::take(&mut self.files)
    }

    /// The next message; waits for it, at most `patience` if given. Zero does not wait at all.
    pub fn receive<T: DeserializeOwned>(
        &mut self,
        patience: Option<Duration>,
    ) -> Result<Received<T>> {
        let wait = if patience == Some(Duration::ZERO) {
            Patience::No
        } else {
            let patience = patience.map(|p| p.max(SHORTEST));
            self.stream.set_read_timeout(patience)?;
            Patience::Yes
        };
        let mut searched = 0;
        loop {
            if let Some(at) = self.read[searched..].iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = self.read.drain(..=searched + at).collect();
                return Ok(Received::Message(serde_json::from_slice(&line)?));
            }
            searched = self.read.len();
            if searched > LONGEST_LINE {
                return Err(Error::new(ErrorKind::InvalidData, "a message has no end"));
            }
            match self.read_more(wait) {
                Ok(0) => return Ok(Received::Closed),
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock || e.kind() == ErrorKind::TimedOut => {
                    return Ok(Received::Silence);
                }
                Err(e) if e.kind() == ErrorKind::ConnectionReset => return Ok(Received::Closed),
                Err(e) => return Err(e),
            }
        }
    }

    /// The next bytes, sent by [`send_bytes`](Self::send_bytes).
    pub fn receive_bytes(&mut self, count: usize) -> Result<Vec<u8>> {
        self.stream.set_read_timeout(None)?;
        let mut bytes: Vec<u8> = self.read.drain(..count.min(self.read.len())).collect();
        let got = bytes.len();
        bytes.resize(count, 0);
        (&self.stream).read_exact(&mut bytes[got..])?;
        Ok(bytes)
    }

    /// Waits until the other end is closed.
    pub fn wait_for_close(&mut self) {
        let _ = self.stream.set_read_timeout(None);
        let mut buffer = [0; 64];
        while self.stream.read(&mut buffer).is_ok_and(|n| n > 0) {}
    }

    /// Reads what has arrived, and keeps the open files that came with it.
    fn read_more(&mut self, wait: Patience) -> Result<usize> {
        use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
        let mut bytes = [0; CHUNK];
        let mut space = [std::mem::MaybeUninit::uninit(); SPACE];
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [std::io::IoSliceMut::new(&mut bytes)];
        #[cfg(target_os = "linux")]
        let flags = RecvFlags::CMSG_CLOEXEC;
        #[cfg(not(target_os = "linux"))]
        let flags = RecvFlags::empty();
        let flags = match wait {
            Patience::Yes => flags,
            Patience::No => flags | RecvFlags::DONTWAIT,
        };
        let got = recvmsg(&self.stream, &mut parts, &mut beside, flags)?.bytes;
        for part in beside.drain() {
            if let RecvAncillaryMessage::ScmRights(files) = part {
                self.files.extend(files);
            }
        }
        self.read.extend_from_slice(&bytes[..got]);
        Ok(got)
    }
}

/// Room for the stdin, stdout and stderr of a program.
const SPACE: usize = rustix::cmsg_space!(ScmRights(3));

impl Sender {
    /// Sends a message.
    pub fn send(&self, message: &impl Serialize) -> Result<()> {
        (&self.0).write_all(&line(message)?)
    }

    /// Sends a short message, unless the other end has not read for so long that there is no room.
    pub fn send_if_room(&self, message: &impl Serialize) -> Result<()> {
        use rustix::net::{SendFlags, send};
        match send(&self.0, &line(message)?, SendFlags::DONTWAIT) {
            Ok(_) | Err(rustix::io::Errno::AGAIN) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }
}

fn line(message: &impl Serialize) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_bytes_and_silence() {
        let (ours, theirs) = Channel::pair().unwrap();
        let mut theirs = Channel::over(UnixStream::from(theirs));
        ours.send(&"one\ntwo").unwrap();
        ours.send_bytes(b"raw").unwrap();
        let got = |r| match r {
            Received::Message::<String>(text) => text,
            Received::Silence => "silence".into(),
            Received::Closed => "closed".into(),
        };
        assert_eq!(got(theirs.receive(None).unwrap()), "one\ntwo");
        assert_eq!(theirs.receive_bytes(3).unwrap(), b"raw");
        let short = Some(Duration::ZERO);
        assert_eq!(got(theirs.receive(short).unwrap()), "silence");
        drop(ours);
        assert_eq!(got(theirs.receive(short).unwrap()), "closed");
    }

    #[test]
    fn open_files_travel() {
        let (ours, theirs) = Channel::pair().unwrap();
        let mut theirs = Channel::over(UnixStream::from(theirs));
        let (mut reader, writer) = std::io::pipe().unwrap();
        ours.send_with(&1, &[writer.as_fd()]).unwrap();
        drop(writer);
        assert!(matches!(theirs.receive(None), Ok(Received::Message(1))));
        let file = theirs.take_files().pop().unwrap();
        std::fs::File::from(file).write_all(b"here").unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "here");
    }
}
