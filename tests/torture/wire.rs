//! PostgreSQL's wire protocol, version 3, as far as a go-between needs it: where messages end, which statements they
//! carry, and what the server says that became of them.

use std::collections::HashMap;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// A stream to either side.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One message, as it came: its letter, its length, its body.
#[derive(Clone, Debug)]
pub struct Message(Vec<u8>);

impl Message {
    pub fn letter(&self) -> u8 {
        self.0[0]
    }

    fn body(&self) -> &[u8] {
        &self.0[5..]
    }

    /// A statement in the simple protocol.
    pub fn query(text: &str) -> Self {
        let length = u32::try_from(text.len() + 5).unwrap();
        Self([b"Q", &length.to_be_bytes()[..], text.as_bytes(), b"\0"].concat())
    }

    /// `ReadyForQuery`: outside a transaction (I), inside one (T), or inside one that failed (E).
    pub fn ready_state(&self) -> Option<u8> {
        (self.letter() == b'Z').then(|| self.body()[0])
    }

    /// The same, saying that the connection stands outside a transaction.
    pub fn outside(mut self) -> Self {
        self.0[5] = b'I';
        self
    }

    /// How many rows a `CommandComplete` tells of, and whether it is of a statement that writes.
    pub fn completed(&self) -> Option<Completed> {
        if self.letter() != b'C' {
            return None;
        }
        let tag = text(self.body());
        let rows = tag.rsplit(' ').next().and_then(|rows| rows.parse().ok()).unwrap_or(0);
        let writes = ["INSERT", "UPDATE", "DELETE", "MERGE"].iter().any(|verb| tag.starts_with(verb));
        Some(Completed { rows, writes })
    }
}

/// What a `CommandComplete` says.
#[derive(Clone, Copy, Debug)]
pub struct Completed {
    pub rows: u64,
    pub writes: bool,
}

/// The text up to its zero byte.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// The text after the first zero byte.
fn second_text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).map_or(bytes.len(), |end| end + 1);
    text(&bytes[end..])
}

/// One side of a connection. Reading can be given up at any time and taken up again.
pub struct Side {
    stream: Box<dyn Stream>,
    read: Vec<u8>,
}

impl Side {
    pub fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, read: Vec::new() }
    }

    /// The first message of a connection has no letter: what it says after its length; `None` at the end.
    pub async fn opening(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.whole(0).await
    }

    /// The next message; `None` at the end.
    pub async fn message(&mut self) -> io::Result<Option<Message>> {
        Ok(self.whole(1).await?.map(Message))
    }

    /// A message whose length stands at a place.
    async fn whole(&mut self, at: usize) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(length) = self.read.get(at..at + 4) {
                let length = usize::try_from(u32::from_be_bytes(length.try_into().unwrap())).unwrap() + at;
                if self.read.len() >= length {
                    let rest = self.read.split_off(length);
                    return Ok(Some(std::mem::replace(&mut self.read, rest)));
                }
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Ok(None);
            }
        }
    }

    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    pub async fn pass(&mut self, messages: &[Message]) -> io::Result<()> {
        let bytes: Vec<u8> = messages.iter().flat_map(|message| message.0.iter().copied()).collect();
        self.send(&bytes).await
    }
}

/// The statements that a connection has prepared and bound.
#[derive(Default)]
pub struct Statements {
    prepared: HashMap<String, String>,
    bound: HashMap<String, String>,
}

impl Statements {
    /// The statements that this message has carried out, if it has any.
    pub fn carried_out(&mut self, message: &Message) -> Option<String> {
        let body = message.body();
        match message.letter() {
            b'P' => drop(self.prepared.insert(text(body), second_text(body))),
            b'B' => drop(self.bound.insert(text(body), second_text(body))),
            b'E' => {
                let statement = self.bound.get(&text(body)).and_then(|name| self.prepared.get(name));
                return Some(statement.cloned().unwrap_or_default());
            }
            b'Q' => return Some(text(body)),
            _ => {}
        }
        None
    }
}

/// Whether a message ends what a client says before it waits for an answer.
pub fn ends_batch(message: &Message) -> bool {
    matches!(message.letter(), b'Q' | b'S' | b'X' | b'F' | b'H' | b'd' | b'c' | b'f' | b'p')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(letter: u8, body: &[u8]) -> Message {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        Message([&[letter], &length[..], body].concat())
    }

    #[test]
    fn statements_are_known_by_what_was_prepared_and_bound() {
        let mut statements = Statements::default();
        assert_eq!(statements.carried_out(&message(b'P', b"s1\0update jobs set a = 1\0\0\0")), None);
        assert_eq!(statements.carried_out(&message(b'B', b"\0s1\0\0\0\0\0\0\0")), None);
        let ran = statements.carried_out(&message(b'E', b"\0\0\0\0\0"));
        assert_eq!(ran.as_deref(), Some("update jobs set a = 1"));
        assert_eq!(statements.carried_out(&Message::query("COMMIT")).as_deref(), Some("COMMIT"));
    }

    #[test]
    fn completions_tell_rows_and_whether_they_were_written() {
        let of = |tag: &[u8]| message(b'C', tag).completed().map(|done| (done.rows, done.writes));
        assert_eq!(of(b"INSERT 0 3\0"), Some((3, true)));
        assert_eq!(of(b"UPDATE 0\0"), Some((0, true)));
        assert_eq!(of(b"SELECT 7\0"), Some((7, false)));
        assert_eq!(of(b"COMMIT\0"), Some((0, false)));
        assert_eq!(message(b'Z', b"T").ready_state(), Some(b'T'));
        assert_eq!(message(b'Z', b"T").outside().ready_state(), Some(b'I'));
    }

    #[tokio::test]
    async fn messages_are_found_however_they_arrive() {
        let (mut far, near) = tokio::io::duplex(3);
        let mut side = Side::new(Box::new(near));
        let sending = tokio::spawn(async move {
            far.write_all(&[0, 0, 0, 8, 0, 3, 0, 0]).await.unwrap();
            far.write_all(&Message::query("select 1").0).await.unwrap();
        });
        assert_eq!(side.opening().await.unwrap().unwrap().len(), 8);
        let read = side.message().await.unwrap().unwrap();
        assert_eq!((read.letter(), text(read.body())), (b'Q', "select 1".to_owned()));
        sending.await.unwrap();
        assert!(side.message().await.unwrap().is_none());
    }
}
