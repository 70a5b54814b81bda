//! A client that costs next to nothing, because it shares the machine with what it measures: one connection, one
//! request after the other, no more of HTTP/1.1 than the shop answers with.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Of the load's own, as pgbench is given.
const THREADS: usize = 2;
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
    post_form_from("127.0.0.1", path, body)
}

/// As a proxy passes it on.
pub fn post_form_from(address: &str, path: &str, body: &str) -> Vec<u8> {
    let kind = "application/x-www-form-urlencoded";
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: shop\r\nx-forwarded-for: {address}\r\ncontent-type: {kind}\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// So many clients ask again and again for a while, each as soon as it was answered: how many were answered, and how
/// long that took. Every answer must have the wanted status. Two threads carry them all, as pgbench does.
pub fn hammer(
    address: SocketAddr,
    clients: usize,
    time: Duration,
    wanted: u16,
    request: impl Fn(usize, usize) -> Vec<u8> + Sync,
) -> (usize, Duration) {
    let start = Barrier::new(THREADS + 1);
    std::thread::scope(|scope| {
        let carry = |first: usize| {
            let (start, request) = (&start, &request);
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let wires = (first..clients).step_by(THREADS).map(|client| async move {
                        (client, tokio::net::TcpStream::connect(address).await.unwrap())
                    });
                    let wires = futures_util::future::join_all(wires).await;
                    start.wait();
                    let ends = Instant::now() + time;
                    let asking = wires.into_iter().map(|(client, stream)| {
                        ask_until(ends, stream, wanted, move |number| request(client, number))
                    });
                    futures_util::future::join_all(asking).await.into_iter().sum::<usize>()
                })
            })
        };
        let running: Vec<_> = (0..THREADS).map(carry).collect();
        start.wait();
        let began = Instant::now();
        let done = running.into_iter().map(|thread| thread.join().unwrap()).sum();
        (done, began.elapsed())
    })
}

/// One client: how many of its requests were answered.
async fn ask_until(
    ends: Instant,
    mut stream: tokio::net::TcpStream,
    wanted: u16,
    request: impl Fn(usize) -> Vec<u8>,
) -> usize {
    stream.set_nodelay(true).unwrap();
    let (mut done, mut buffer) = (0, Vec::with_capacity(16 * 1024));
    while Instant::now() < ends {
        stream.write_all(&request(done)).await.unwrap();
        buffer.clear();
        while !is_whole(&buffer) {
            let read = tokio::time::timeout(PATIENCE, stream.read_buf(&mut buffer)).await.unwrap().unwrap();
            assert_ne!(read, 0, "the shop hung up: {}", String::from_utf8_lossy(&buffer));
        }
        let status = std::str::from_utf8(&buffer[9..12]).unwrap().parse::<u16>().unwrap();
        assert_eq!(status, wanted, "{}", String::from_utf8_lossy(&buffer));
        done += 1;
    }
    done
}

/// Whether an answer has come to its end, by the length that its head names.
pub fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let name = b"content-length: ";
    let at = answer[..head].windows(name.len()).position(|part| part == name);
    let length = at.map_or(0, |at| {
        let digits = answer[at + name.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'))
    });
    answer.len() >= head + 4 + length
}

/// Requests leave at a steady pace, whether the ones before were answered or not; the times from when each should have
/// left to its answer, in milliseconds. Every answer must have the wanted status.
pub fn paced(
    address: SocketAddr,
    clients: usize,
    per_second: u32,
    time: Duration,
    wanted: u16,
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
                    assert_eq!(answer.status, wanted, "{}", answer.head);
                    took.push(due.elapsed().as_secs_f64() * 1000.0);
                }
                took
            })
        };
        let running: Vec<_> = (0..clients).map(client).collect();
        running.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}
