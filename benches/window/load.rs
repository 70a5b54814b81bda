//! Many visitors who ask for one page again and again, each as soon as it was answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// As a browser asks.
pub fn page(path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nhost: shop\r\naccept: text/html\r\naccept-encoding: gzip, deflate, br\r\n\r\n"
    )
    .into_bytes()
}

pub struct Load {
    pub address: SocketAddr,
    pub clients: usize,
    pub time: Duration,
}

/// What came of it.
pub struct Measured {
    pub per_second: f64,
    /// How long each answer took, in milliseconds.
    pub took: Vec<f64>,
}

impl Load {
    /// Every answer must be a 200 with a body of this length. One thread carries all visitors.
    pub fn measure(&self, request: &[u8], length: usize) -> Measured {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        std::thread::scope(|scope| {
            let running = scope.spawn(|| {
                runtime.block_on(async {
                    let connecting = (0..self.clients).map(|_| TcpStream::connect(self.address));
                    let streams = futures_util::future::try_join_all(connecting).await.unwrap();
                    let began = Instant::now();
                    let asking =
                        streams.into_iter().map(|stream| visitor(stream, began + self.time, request, length));
                    let took = futures_util::future::join_all(asking).await.concat();
                    let number = f64::from(u32::try_from(took.len()).unwrap());
                    Measured { per_second: number / began.elapsed().as_secs_f64(), took }
                })
            });
            running.join().unwrap()
        })
    }
}

async fn visitor(mut stream: TcpStream, ends: Instant, request: &[u8], length: usize) -> Vec<f64> {
    stream.set_nodelay(true).unwrap();
    let (mut took, mut buffer) = (Vec::new(), Vec::with_capacity(64 * 1024));
    while Instant::now() < ends {
        let began = Instant::now();
        stream.write_all(request).await.unwrap();
        buffer.clear();
        let mut head = None;
        while head.is_none_or(|head| buffer.len() < head + length) {
            let read = tokio::time::timeout(PATIENCE, stream.read_buf(&mut buffer)).await.unwrap().unwrap();
            assert_ne!(read, 0, "it hung up: {}", String::from_utf8_lossy(&buffer));
            head = head.or_else(|| buffer.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4));
        }
        assert_eq!(&buffer[9..12], b"200", "{}", String::from_utf8_lossy(&buffer));
        assert_eq!(buffer.len(), head.unwrap() + length);
        took.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    took
}
