//! A client that costs next to nothing, because it shares the machine with what it measures: one connection, one
//! request after the other, no more of HTTP/1.1 than the shop answers with.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A kept-alive connection.
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What a request was answered with.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| *key == name)
            .map(|it| it.1)
    }

    /// Where a redirect leads: the path alone.
    pub fn location(&self) -> String {
        let to =
            self.header("location").unwrap_or_else(|| panic!("no redirect: {} {}", self.status, self.head));
        match to.strip_prefix("http://") {
            Some(rest) => rest[rest.find('/').unwrap()..].to_owned(),
            None => to.to_owned(),
        }
    }
}

impl Wire {
    pub fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, buffer: Vec::with_capacity(16 * 1024) }
    }

    pub fn send(&mut self, request: &[u8]) {
        self.stream.write_all(request).unwrap();
    }

    pub fn ask(&mut self, request: &[u8]) -> Answer {
        self.send(request);
        let end = self.read_until(b"\r\n\r\n");
        let head = String::from_utf8(self.buffer.drain(..end).collect()).unwrap();
        let status = head.get(9..12).and_then(|digits| digits.parse().ok()).unwrap();
        let mut answer = Answer { status, head, body: Vec::new() };
        let length: usize = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        while self.buffer.len() < length {
            self.more();
        }
        answer.body = self.buffer.drain(..length).collect();
        answer
    }

    /// Reads up to these bytes, and gives how many that were.
    pub fn read_until(&mut self, mark: &[u8]) -> usize {
        let mut from = 0;
        loop {
            let found = self.buffer[from..].windows(mark.len()).position(|window| window == mark);
            if let Some(at) = found {
                return from + at + mark.len();
            }
            from = self.buffer.len().saturating_sub(mark.len());
            self.more();
        }
    }

    fn more(&mut self) {
        let mut chunk = [0; 16 * 1024];
        let read = self.stream.read(&mut chunk).unwrap();
        assert_ne!(read, 0, "the shop hung up: {}", String::from_utf8_lossy(&self.buffer));
        self.buffer.extend_from_slice(&chunk[..read]);
    }
}

pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: shop\r\naccept: application/json\r\n\r\n").into_bytes()
}

pub fn post_form(path: &str, body: &str) -> Vec<u8> {
    let kind = "application/x-www-form-urlencoded";
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: shop\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// So many clients ask again and again for a while, each as soon as it was answered: how many were answered, and how
/// long that took. Every answer must have the wanted status.
pub fn hammer(
    address: SocketAddr,
    clients: usize,
    time: Duration,
    wanted: u16,
    request: impl Fn(usize, usize) -> Vec<u8> + Sync,
) -> (usize, Duration) {
    let start = Barrier::new(clients + 1);
    std::thread::scope(|scope| {
        let client = |client| {
            let (start, request) = (&start, &request);
            scope.spawn(move || {
                let mut wire = Wire::to(address);
                start.wait();
                let (began, mut done) = (Instant::now(), 0);
                while began.elapsed() < time {
                    let answer = wire.ask(&request(client, done));
                    let body = String::from_utf8_lossy(&answer.body);
                    assert_eq!(answer.status, wanted, "{} {body}", answer.head);
                    done += 1;
                }
                done
            })
        };
        let running: Vec<_> = (0..clients).map(client).collect();
        start.wait();
        let began = Instant::now();
        let done = running.into_iter().map(|client| client.join().unwrap()).sum();
        (done, began.elapsed())
    })
}

/// Requests leave at a steady pace, whether the ones before were answered or not; the times from when each should have
/// left to its answer, in milliseconds.
pub fn paced(
    address: SocketAddr,
    clients: usize,
    per_second: u32,
    time: Duration,
    request: impl Fn(usize, usize) -> Vec<u8> + Sync,
) -> Vec<f64> {
    let pause = Duration::from_secs(1) / per_second;
    let number = usize::try_from(time.as_nanos() / pause.as_nanos()).unwrap();
    let began = Instant::now() + Duration::from_millis(100);
    std::thread::scope(|scope| {
        let client = |client| {
            let request = &request;
            scope.spawn(move || {
                let mut wire = Wire::to(address);
                let mut took = Vec::new();
                for n in (client..number).step_by(clients) {
                    let due = began + pause * u32::try_from(n).unwrap();
                    let request = request(client, n);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    let answer = wire.ask(&request);
                    assert_eq!(answer.status, 200, "{}", answer.head);
                    took.push(due.elapsed().as_secs_f64() * 1000.0);
                }
                took
            })
        };
        let running: Vec<_> = (0..clients).map(client).collect();
        running.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}
