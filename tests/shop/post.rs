//! Mail whose server is down, slow, or refuses.

use std::sync::{Arc, Mutex};

use simfront::plumbing::mailer::Mailer;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{FRANCE, Stand};

/// How the mail server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    /// It hangs up before it says a word.
    Down,
    /// It refuses each recipient for now.
    Busy,
    /// It refuses each recipient for good, as one does that is set up wrongly.
    Refuses,
    /// It takes a mail and hangs up before it says so: a sender cannot know.
    Forgetful,
    /// It takes what comes.
    Well,
}

/// A mail server that keeps what it took.
#[derive(Clone)]
struct Server {
    port: u16,
    mood: Arc<Mutex<Mood>>,
    taken: Arc<Mutex<Vec<String>>>,
    asked: Arc<Mutex<usize>>,
}

impl Server {
    async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server =
            Self { port, mood: Arc::new(Mutex::new(mood)), taken: Arc::default(), asked: Arc::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *serving.asked.lock().unwrap() += 1;
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        server
    }

    fn is_now(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    async fn serve(self, stream: TcpStream) -> std::io::Result<()> {
        let mood = *self.mood.lock().unwrap();
        if mood == Mood::Down {
            return Ok(());
        }
        let (from, mut to) = stream.into_split();
        let mut lines = BufReader::new(from).lines();
        to.write_all(b"220 here\r\n").await?;
        while let Some(line) = lines.next_line().await? {
            let answer = match (line.split([' ', ':']).next().unwrap_or_default(), mood) {
                ("EHLO" | "HELO", _) => "250 here",
                ("RCPT", Mood::Busy) => "450 not now",
                ("RCPT", Mood::Refuses) => "550 nobody of that name",
                ("DATA", _) => {
                    to.write_all(b"354 go on\r\n").await?;
                    let mut mail = String::new();
                    while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                        mail.push_str(&line);
                        mail.push('\n');
                    }
                    self.taken.lock().unwrap().push(mail);
                    if mood == Mood::Forgetful {
                        return Ok(());
                    }
                    "250 taken"
                }
                ("QUIT", _) => "221 bye",
                _ => "250 fine",
            };
            to.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }
}

/// A shop whose mail goes to this server.
async fn stand(server: &Server) -> Stand {
    let mut stand = Stand::new().await;
    let url = format!("smtp://127.0.0.1:{}", server.port);
    stand.shop.mailer = Mailer::to_server(&url, "shop@example.com".to_owned()).unwrap();
    stand
}

fn subjects(mails: &[String]) -> Vec<String> {
    let line = |mail: &String| mail.lines().find(|line| line.starts_with("Subject: ")).unwrap().to_owned();
    let mut all: Vec<_> = mails.iter().map(line).collect();
    all.sort();
    all
}

#[tokio::test]
async fn f103_whatever_the_mail_server_does_the_order_is_delivered_and_one_mail_comes_in_the_end() {
    for mood in [Mood::Down, Mood::Busy, Mood::Refuses] {
        let server = Server::start(mood).await;
        let stand = stand(&server).await;
        let token = stand.buy(FRANCE, 1).await;
        stand.drain().await;
        assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "{mood:?}");
        let page = stand.get(&format!("/orders/{token}")).await;
        assert!(page.body.contains("data-activation-code=\"LPA:"), "{mood:?}: the page has the eSIM");
        let qr = stand.get(&format!("/orders/{token}/items/1/1/qr.svg")).await;
        assert!(qr.body.contains("<svg"), "{mood:?}: and its code");
        // An hour, with less and less asking.
        for _ in 0..60 {
            stand.pass(60).await;
        }
        assert!((10..=60).contains(&server.asked()), "{mood:?}: it was asked {} times", server.asked());
        assert!(server.taken().is_empty(), "{mood:?}");
        server.is_now(Mood::Well);
        stand.pass(330).await;
        let taken = subjects(&server.taken());
        assert_eq!(taken.len(), 2, "{mood:?}: {taken:?}");
        assert_ne!(taken[0], taken[1], "{mood:?}: one that it is paid, one with the eSIM");
        stand.pass(3600).await;
        assert_eq!(server.taken().len(), 2, "{mood:?}: and none comes twice");
        stand.end().await;
    }
}

#[tokio::test]
async fn f103_a_mail_that_was_taken_without_a_word_may_come_once_more_and_no_oftener() {
    let server = Server::start(Mood::Forgetful).await;
    let stand = stand(&server).await;
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(server.taken().len(), 2);
    server.is_now(Mood::Well);
    stand.pass(60).await;
    assert_eq!(server.taken().len(), 4, "each was sent again, as nobody had said that it was taken");
    stand.pass(3600).await;
    assert_eq!(server.taken().len(), 4);
    stand.end().await;
}
