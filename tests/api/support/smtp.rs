//! An SMTP server for tests: it leads the real dialogue, keeps what it takes, and misbehaves at any stage as it is told.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Where in the dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Before anything is said.
    Banner,
    /// `EHLO`.
    Hello,
    /// `AUTH`.
    Auth,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`.
    Data,
    /// Before the message is read.
    Body,
    /// After the final dot.
    Taken,
}

/// What the server does instead of going along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Says this line.
    Say(&'static str),
    /// Closes the line without a word.
    Cut,
    /// Says nothing, and keeps the line open.
    Stall,
    /// Says what is usual, letter by letter, slowly.
    Dribble,
    /// Says what is usual, after a while.
    Think(Duration),
}

/// A message that the server took, as far as it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// `MAIL FROM`.
    pub from: String,
    /// `RCPT TO`.
    pub to: Vec<String>,
    /// Header and body, without the dots that were stuffed in.
    pub data: String,
}

impl Received {
    /// The value of a header of one line.
    pub fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.data
            .lines()
            .take_while(|line| !line.is_empty())
            .find_map(|line| line.strip_prefix(&start))
    }
}

#[derive(Debug)]
struct Rule {
    stage: Stage,
    pattern: String,
    answer: Answer,
    left: usize,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    connections: AtomicUsize,
    offers_tls: AtomicBool,
    tls_begun: AtomicUsize,
    keeps: AtomicBool,
    taken: AtomicUsize,
    in_doubt: AtomicUsize,
    most_in_doubt: AtomicUsize,
    rules: Mutex<Vec<Rule>>,
    received: Mutex<Vec<Received>>,
}

/// The server; it stops when it is dropped.
#[derive(Debug)]
pub struct SmtpServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl SmtpServer {
    /// A server on a free port, which takes everything.
    pub fn start() -> io::Result<SmtpServer> {
        SmtpServer::start_at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// A server at an address: one that comes back.
    pub fn start_at(address: SocketAddr) -> io::Result<SmtpServer> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { keeps: AtomicBool::new(true), ..Shared::default() });
        let serving = shared.clone();
        let thread = std::thread::spawn(move || accept(&listener, &serving));
        Ok(SmtpServer { address, shared, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// For `SENTRA_SMTP_URL`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Answers so, `times` times, at a stage whose line contains `pattern`. Earlier rules go first.
    pub fn on(&self, stage: Stage, pattern: &str, answer: Answer, times: usize) {
        let rule = Rule { stage, pattern: pattern.to_owned(), answer, left: times };
        held(&self.shared.rules).push(rule);
    }

    /// Forgets all rules: everything is taken again.
    pub fn behave(&self) {
        held(&self.shared.rules).clear();
    }

    /// What it took, in order.
    pub fn received(&self) -> Vec<Received> {
        held(&self.shared.received).clone()
    }

    /// From now on only counts what it takes, and keeps none of it.
    pub fn only_count(&self) {
        self.shared.keeps.store(false, Ordering::SeqCst);
    }

    /// How many messages it took.
    pub fn taken(&self) -> usize {
        self.shared.taken.load(Ordering::SeqCst)
    }

    /// How many messages at the most it had whole and had not answered.
    pub fn most_in_doubt(&self) -> usize {
        self.shared.most_in_doubt.load(Ordering::SeqCst)
    }

    /// Offers STARTTLS from now on, with a certificate that nobody vouches for.
    pub fn offer_tls(&self) {
        self.shared.offers_tls.store(true, Ordering::SeqCst);
    }

    /// How often STARTTLS was asked for.
    pub fn tls_begun(&self) -> usize {
        self.shared.tls_begun.load(Ordering::SeqCst)
    }

    /// How many lines were opened.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while !shared.stop.load(Ordering::SeqCst) {
        match listener.accept() {
            Ok((stream, _)) => {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let shared = shared.clone();
                std::thread::spawn(move || {
                    let _ = serve(stream, &shared);
                });
            }
            Err(_) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

struct Dialogue<'a> {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    shared: &'a Shared,
}

/// Whether the dialogue goes on after a stage.
enum Next {
    /// The stage was passed.
    Passed,
    /// The stage was refused; the line stays open.
    Refused,
}

impl Dialogue<'_> {
    fn say(&mut self, line: &str) -> io::Result<()> {
        self.writer.write_all(format!("{line}\r\n").as_bytes())
    }

    fn listen(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn rule(&self, stage: Stage, line: &str) -> Option<Answer> {
        let mut rules = held(&self.shared.rules);
        let fits =
            |rule: &&mut Rule| rule.stage == stage && rule.left > 0 && line.contains(&rule.pattern);
        let rule = rules.iter_mut().find(fits)?;
        rule.left -= 1;
        Some(rule.answer.clone())
    }

    /// Says what is usual, unless it was told otherwise.
    fn stage(&mut self, stage: Stage, line: &str, usual: &str) -> io::Result<Next> {
        let answer = self.rule(stage, line);
        self.answer(answer, usual)
    }

    fn answer(&mut self, answer: Option<Answer>, usual: &str) -> io::Result<Next> {
        match answer {
            None => self.say(usual).map(|()| Next::Passed),
            Some(Answer::Say(reply)) => {
                self.say(reply)?;
                if reply.starts_with("421") {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                Ok(if reply.starts_with(['2', '3']) { Next::Passed } else { Next::Refused })
            }
            Some(Answer::Cut) => Err(io::ErrorKind::ConnectionAborted.into()),
            Some(Answer::Dribble) => {
                for letter in usual.bytes().chain(*b"\r\n") {
                    self.writer.write_all(&[letter])?;
                    std::thread::sleep(Duration::from_millis(20));
                }
                Ok(Next::Passed)
            }
            Some(Answer::Think(time)) => {
                std::thread::sleep(time);
                self.say(usual).map(|()| Next::Passed)
            }
            Some(Answer::Stall) => {
                while !self.shared.stop.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }

    fn message(&mut self) -> io::Result<String> {
        let mut data = String::new();
        loop {
            let line = self.listen()?;
            if line == "." {
                return Ok(data);
            }
            data.push_str(line.strip_prefix('.').unwrap_or(&line));
            data.push_str("\r\n");
        }
    }
}

/// Begins TLS with a certificate of its own making; whoever looks at it ends the line.
fn unvouched(stream: &mut TcpStream) -> io::Result<()> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
    let made = made.map_err(io::Error::other)?;
    let key = made.signing_key.serialize_der();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .map_err(io::Error::other)?;
    let mut line = rustls::ServerConnection::new(Arc::new(config)).map_err(io::Error::other)?;
    while line.is_handshaking() {
        line.complete_io(stream)?;
    }
    Ok(())
}

fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let writer = stream.try_clone()?;
    let mut dialogue = Dialogue { reader: BufReader::new(stream), writer, shared };
    if let Next::Refused = dialogue.stage(Stage::Banner, "", "220 relay.example ESMTP")? {
        return Ok(());
    }
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let line = dialogue.listen()?;
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => {
                let mut usual = "250-relay.example\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME";
                if shared.offers_tls.load(Ordering::SeqCst) {
                    usual = "250-relay.example\r\n250-STARTTLS\r\n250 8BITMIME";
                }
                dialogue.stage(Stage::Hello, &line, usual)?;
            }
            "STARTTLS" => {
                shared.tls_begun.fetch_add(1, Ordering::SeqCst);
                dialogue.say("220 2.0.0 go ahead")?;
                return unvouched(&mut dialogue.writer);
            }
            "AUTH" => {
                dialogue.stage(Stage::Auth, &line, "235 2.7.0 welcome")?;
            }
            "MAIL" => {
                (from, to) = (line.clone(), Vec::new());
                dialogue.stage(Stage::Sender, &line, "250 2.1.0 ok")?;
            }
            "RCPT" => {
                if let Next::Passed = dialogue.stage(Stage::Recipient, &line, "250 2.1.5 ok")? {
                    to.push(line);
                }
            }
            "DATA" => {
                if let Next::Refused = dialogue.stage(Stage::Data, &line, "354 go ahead")? {
                    continue;
                }
                if let Some(Answer::Cut) = dialogue.rule(Stage::Body, &from) {
                    return Ok(());
                }
                let data = dialogue.message()?;
                let in_doubt = shared.in_doubt.fetch_add(1, Ordering::SeqCst) + 1;
                shared.most_in_doubt.fetch_max(in_doubt, Ordering::SeqCst);
                let taken = Received { from: from.clone(), to: std::mem::take(&mut to), data };
                let who = taken.to.join(" ");
                let answer = dialogue.rule(Stage::Taken, &who);
                // Taken, also when it never says so; kept before it says so, for whoever looks at once.
                if !matches!(answer, Some(Answer::Say(reply)) if !reply.starts_with('2')) {
                    shared.taken.fetch_add(1, Ordering::SeqCst);
                    if shared.keeps.load(Ordering::SeqCst) {
                        held(&shared.received).push(taken);
                    }
                }
                if let Some(Answer::Think(time)) = answer {
                    std::thread::sleep(time);
                }
                shared.in_doubt.fetch_sub(1, Ordering::SeqCst);
                let answer = answer.filter(|answer| !matches!(answer, Answer::Think(_)));
                dialogue.answer(answer, "250 2.0.0 queued")?;
            }
            "RSET" | "NOOP" => {
                to.clear();
                dialogue.say("250 2.0.0 ok")?;
            }
            "QUIT" => return dialogue.say("221 2.0.0 bye"),
            _ => dialogue.say("500 5.5.2 what?")?,
        }
    }
}
