//! `simfront admin`: who may sign in to the back office.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};

use clap::{Args, Subcommand};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use sqlx::PgPool;

use crate::ground::{Clock, EmailAddress, Entropy};
use crate::staff::{self, NewAccount, Role};

/// What to do with admins.
#[derive(Subcommand, Debug)]
pub enum AdminCommand {
    /// Make an admin
    Create {
        /// The e-mail to sign in with
        #[arg(value_parser = email)]
        email: EmailAddress,
        /// What the admin may do: owner, manager or support
        #[arg(long, default_value = "owner", value_parser = role)]
        role: Role,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Give an admin a new password and end all sessions
    ResetPassword {
        /// The admin's e-mail
        #[arg(value_parser = email)]
        email: EmailAddress,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Take an admin's second factor away, for who lost it with all recovery codes, and end all sessions
    ResetSecondFactor {
        /// The admin's e-mail
        #[arg(value_parser = email)]
        email: EmailAddress,
    },
    /// Show who may sign in
    List,
}

/// Where the password comes from; never from the command line, where every process could read it.
#[derive(Args, Debug)]
pub struct PasswordSource {
    /// Read the password from standard input (its first line) instead of asking for it
    #[arg(long)]
    password_stdin: bool,
}

fn email(typed: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(typed).ok_or_else(|| "this is not an e-mail address".to_owned())
}

fn role(typed: &str) -> Result<Role, String> {
    Role::from_word(typed).ok_or_else(|| "a role is owner, manager or support".to_owned())
}

/// Runs one command and says on standard output what was done. A wrong e-mail or role never gets here: the command
/// line is refused with exit code 2.
///
/// # Errors
/// A refusal with a sentence for the person at the terminal, or a fault; both end the program with 1.
pub async fn run(command: AdminCommand, db: &PgPool, clock: &Clock, entropy: &Entropy) -> anyhow::Result<()> {
    match command {
        AdminCommand::Create { email, role, password } => {
            let password = password.read()?;
            let new = NewAccount { email: &email, password: &password, role };
            staff::create(db, clock, entropy, new).await?;
            println!("{} may sign in as {}.", email.as_str(), role.word());
        }
        AdminCommand::ResetPassword { email, password } => {
            let password = password.read()?;
            staff::reset_password(db, clock, entropy, &email, &password).await?;
            println!("{} has a new password; all its sessions have ended.", email.as_str());
        }
        AdminCommand::ResetSecondFactor { email } => {
            staff::reset_factor(db, clock, &email).await?;
            println!("{} signs in with the password alone now; all its sessions have ended.", email.as_str());
        }
        AdminCommand::List => {
            let accounts = staff::list(db).await?;
            for account in &accounts {
                let disabled = if account.disabled_at.is_some() { "  (disabled)" } else { "" };
                let factor = if account.has_factor { "  (second factor)" } else { "" };
                println!(
                    "{:<8} {}  since {}{factor}{disabled}",
                    account.role.word(),
                    account.email,
                    account.created_at.date()
                );
            }
            if accounts.is_empty() {
                println!("There is no admin yet. Make one: simfront admin create EMAIL");
            }
        }
    }
    Ok(())
}

/// More is no password, and a pipe may have no end.
const LONGEST_INPUT: u64 = 4096;

impl PasswordSource {
    fn read(&self) -> anyhow::Result<String> {
        let stdin = std::io::stdin();
        if self.password_stdin {
            let mut line = String::new();
            std::io::BufReader::new(stdin.lock().take(LONGEST_INPUT)).read_line(&mut line)?;
            return Ok(without_line_end(line));
        }
        anyhow::ensure!(
            stdin.is_terminal(),
            "there is no terminal to ask for the password; give it on standard input with --password-stdin"
        );
        let password = ask("Password: ")?;
        anyhow::ensure!(
            password == ask("The same again: ")?,
            "the two passwords differ; nothing was changed"
        );
        Ok(password)
    }
}

fn ask(question: &str) -> anyhow::Result<String> {
    eprint!("{question}");
    std::io::stderr().flush()?;
    let mut line = String::new();
    {
        let _silent = Silence::begin()?;
        std::io::stdin().lock().take(LONGEST_INPUT).read_line(&mut line)?;
    }
    eprintln!();
    Ok(without_line_end(line))
}

fn without_line_end(mut line: String) -> String {
    while line.ends_with(['\n', '\r']) {
        line.pop();
    }
    line
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silence(Termios);

impl Silence {
    fn begin() -> anyhow::Result<Self> {
        let before = tcgetattr(std::io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // Nothing can be done where the terminal is gone.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
    }
}
