//! Visitors, of two kinds: a crowd, each of whom asks again as soon as they were answered, and some who come at a steady
//! pace, whatever the shop does meanwhile.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::wire::{Wire, is_whole};

/// One answer: when it was due, and how long after that it was there.
#[derive(Clone, Copy)]
pub struct Seen {
    pub due: Instant,
    pub took: Duration,
}

impl Seen {
    pub fn milliseconds(&self) -> f64 {
        self.took.as_secs_f64() * 1000.0
    }
}

/// So many at once, carried by one thread.
pub struct Crowd<'a> {
    pub address: SocketAddr,
    pub clients: usize,
    pub request: &'a [u8],
}

impl Crowd<'_> {
    /// They come until `done` has ended; what it gave, and every answer, each of which must be a 200.
    pub fn while_it<T>(&self, done: impl FnOnce() -> T) -> (T, Vec<Seen>) {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let carried = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let visitors = (0..self.clients).map(|_| self.visit(&over));
                runtime.block_on(futures_util::future::join_all(visitors)).concat()
            });
            let made = done();
            over.store(true, Ordering::Relaxed);
            (made, carried.join().unwrap())
        })
    }

    async fn visit(&self, over: &AtomicBool) -> Vec<Seen> {
        let mut stream = tokio::net::TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut seen, mut buffer) = (Vec::new(), Vec::with_capacity(64 * 1024));
        while !over.load(Ordering::Relaxed) {
            let due = Instant::now();
            stream.write_all(self.request).await.unwrap();
            buffer.clear();
            while !is_whole(&buffer) {
                assert_ne!(stream.read_buf(&mut buffer).await.unwrap(), 0, "the shop hung up");
            }
            assert_eq!(&buffer[9..12], b"200", "{}", String::from_utf8_lossy(&buffer));
            seen.push(Seen { due, took: due.elapsed() });
        }
        seen
    }
}

/// So many a second, together.
pub struct Visitors<'a> {
    pub address: SocketAddr,
    pub clients: usize,
    pub per_second: u32,
    pub request: &'a [u8],
}

impl Visitors<'_> {
    /// They come until `done` has ended; what it gave, and every answer, each of which must be a 200.
    pub fn while_it<T>(&self, done: impl FnOnce() -> T) -> (T, Vec<Seen>) {
        let (began, over) = (Instant::now() + Duration::from_millis(100), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let visitor = |client| {
                let over = &over;
                scope.spawn(move || self.visit(client, began, over))
            };
            let running: Vec<_> = (0..self.clients).map(visitor).collect();
            let made = done();
            over.store(true, Ordering::Relaxed);
            (made, running.into_iter().flat_map(|one| one.join().unwrap()).collect())
        })
    }

    fn visit(&self, client: usize, began: Instant, over: &AtomicBool) -> Vec<Seen> {
        let (mut wire, mut seen) = (Wire::to(self.address), Vec::new());
        let pause = Duration::from_secs(1) / self.per_second;
        for n in (client..).step_by(self.clients) {
            if over.load(Ordering::Relaxed) {
                break;
            }
            let due = began + pause * u32::try_from(n).unwrap();
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let answer = wire.ask(self.request);
            assert_eq!(answer.status, 200, "{}", answer.head);
            seen.push(Seen { due, took: due.elapsed() });
        }
        seen
    }
}
