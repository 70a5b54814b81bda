//! Two programs on one database, and the door before both.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::stand::{Program, command, folder, free_port};

/// One address for both nodes: each connection goes to one of them in turn, and to the other where that is away.
pub struct Door {
    pub url: String,
    standing: JoinHandle<()>,
}

impl Door {
    async fn before(ports: [u16; 2]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let turn = Arc::new(AtomicUsize::new(0));
        let standing = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let turn = turn.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    for port in [ports[turn % 2], ports[(turn + 1) % 2]] {
                        if let Ok(mut node) = TcpStream::connect(("127.0.0.1", port)).await {
                            let _hung_up = copy_bidirectional(&mut client, &mut node).await;
                            return;
                        }
                    }
                });
            }
        });
        Self { url, standing }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.standing.abort();
    }
}

pub struct Nodes {
    pub door: Door,
    settings: Vec<(&'static str, String)>,
    ports: [u16; 2],
    folders: [TempDir; 2],
    running: Vec<Program>,
    /// How often one ended without being killed, and was started again as an init system would.
    pub ended_by_themselves: u32,
}

impl Nodes {
    pub async fn start(settings: impl FnOnce(&str) -> Vec<(&'static str, String)>) -> Self {
        let ports = [free_port(), free_port()];
        let door = Door::before(ports).await;
        let settings = settings(&door.url);
        let folders = [folder(), folder()];
        let mut nodes = Self { door, settings, ports, folders, running: Vec::new(), ended_by_themselves: 0 };
        for node in 0..2 {
            // One after the other: the first makes the schema.
            let mut program = nodes.one(node);
            program.ready().await;
            nodes.running.push(program);
        }
        nodes
    }

    fn one(&self, node: usize) -> Program {
        let folder = self.folders[node].path();
        let mut command = command(folder, &["serve"]);
        command.envs(self.settings.iter().map(|(name, value)| (*name, value)));
        command.env("BIND_ADDR", format!("127.0.0.1:{}", self.ports[node]));
        Program::start(command, self.ports[node], folder)
    }

    /// `kill -9`, and a new start.
    pub async fn kill(&mut self, node: usize) {
        let new = self.one_after_kill(node).await;
        self.running[node] = new;
    }

    async fn one_after_kill(&mut self, node: usize) -> Program {
        self.running[node].signal(rustix::process::Signal::KILL);
        self.running[node].ended().await;
        self.one(node)
    }

    /// Starts again what ended by itself.
    pub fn look_after(&mut self) {
        for node in 0..2 {
            if !self.running[node].runs() {
                println!("a node ended by itself:\n{}", self.running[node].log());
                self.ended_by_themselves += 1;
                self.running[node] = self.one(node);
            }
        }
    }

    /// Both are ready.
    pub async fn ready(&mut self) {
        for program in &mut self.running {
            program.ready().await;
        }
    }

    pub async fn stop(self) {
        for program in self.running {
            program.stop().await;
        }
    }
}
