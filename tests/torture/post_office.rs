//! Takes mail by SMTP and counts it: every mail that it takes is a point at which the program can be killed.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::trap::{Mode, Trap};

/// How often each mail was taken, by recipient and subject line.
type Taken = Arc<Mutex<BTreeMap<(String, String), u32>>>;

/// Takes mail until it is dropped.
pub struct PostOffice {
    port: u16,
    taken: Taken,
    open: JoinHandle<()>,
}

impl PostOffice {
    pub async fn open(trap: Trap) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Taken::default();
        let all = Arc::clone(&taken);
        let open = tokio::spawn(async move {
            let mut senders = tokio::task::JoinSet::new();
            while let Ok((sender, _)) = listener.accept().await {
                let (taken, trap) = (Arc::clone(&all), trap.clone());
                senders.spawn(async move { serve(sender, &taken, &trap).await });
                while senders.try_join_next().is_some() {}
            }
        });
        Self { port, taken, open }
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// How often each mail to somebody was taken: one entry for each subject.
    pub fn to(&self, recipient: &str) -> Vec<(String, u32)> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = taken.iter().filter(|((to, _), _)| to == recipient);
        theirs.map(|((_, subject), times)| (subject.clone(), *times)).collect()
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        self.open.abort();
    }
}

async fn serve(sender: TcpStream, taken: &Taken, trap: &Trap) -> io::Result<()> {
    sender.set_nodelay(true).ok();
    let mut sender = BufReader::new(sender);
    say(&mut sender, "220 ready").await?;
    let mut recipient = String::new();
    loop {
        let Some(line) = line(&mut sender).await? else { return Ok(()) };
        let command = line.to_ascii_uppercase();
        if let Some(to) = command.strip_prefix("RCPT TO:") {
            recipient = to.trim().trim_matches(['<', '>']).to_ascii_lowercase();
        }
        match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" | "HELO" => say(&mut sender, "250 here").await?,
            "DATA" => {
                say(&mut sender, "354 go on").await?;
                let Some(subject) = message(&mut sender).await? else { return Ok(()) };
                let mode = trap.reach("mail: handed over", &subject);
                if mode == Some(Mode::A) {
                    trap.spring();
                    return Ok(());
                }
                let key = (recipient.clone(), subject);
                *taken.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(0) += 1;
                say(&mut sender, "250 taken").await?;
                if mode.is_some() {
                    tokio::time::sleep(trap.afterwards).await;
                    trap.spring();
                    return Ok(());
                }
            }
            "QUIT" => return say(&mut sender, "221 bye").await,
            _ => say(&mut sender, "250 fine").await?,
        }
    }
}

async fn say(sender: &mut BufReader<TcpStream>, words: &str) -> io::Result<()> {
    sender.write_all(format!("{words}\r\n").as_bytes()).await
}

async fn line(sender: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let read = sender.read_until(b'\n', &mut bytes).await?;
    Ok((read > 0).then(|| String::from_utf8_lossy(&bytes).trim_end().to_owned()))
}

/// Reads a mail to its end: its subject, as it was sent.
async fn message(sender: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let (mut subject, mut inside) = (String::new(), false);
    loop {
        let Some(line) = line(sender).await? else { return Ok(None) };
        if line == "." {
            return Ok(Some(subject));
        }
        // A long subject goes on in lines that begin with a space.
        inside = if let Some(first) = line.strip_prefix("Subject: ").filter(|_| subject.is_empty()) {
            subject.push_str(first);
            true
        } else {
            let goes_on = inside && line.starts_with(' ');
            if goes_on {
                subject.push_str(&line);
            }
            goes_on
        };
    }
}
