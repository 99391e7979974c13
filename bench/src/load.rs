//! A closed-loop load generator: each connection is a thread that writes a
//! request, reads the answer, and goes again.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

/// What to send, and for how long.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to connect.
    #[arg(long)]
    address: SocketAddr,
    /// A file that holds the whole request as it goes over the wire: head and body.
    #[arg(long)]
    request: PathBuf,
    /// How many connections.
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// How long to measure, in seconds, after a fifth of that to warm up.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
}

/// Runs the load and prints its figures.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let request = std::fs::read(&args.request).context("cannot read the request")?;
    let warm = Instant::now() + Duration::from_secs_f64(args.seconds / 5.0);
    let end = warm + Duration::from_secs_f64(args.seconds);
    let samples = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..args.connections).map(|_| scope.spawn(|| connection(args.address, &request, warm, end))).collect();
        let results = workers.into_iter().map(|worker| worker.join().expect("a worker does not panic"));
        results.collect::<anyhow::Result<Vec<_>>>()
    })?;
    crate::print(samples.concat(), args.seconds)
}

/// One connection's latencies in microseconds.
fn connection(address: SocketAddr, request: &[u8], warm: Instant, end: Instant) -> anyhow::Result<Vec<f64>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut samples = Vec::with_capacity(1 << 16);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let begun = Instant::now();
        if begun >= end {
            return Ok(samples);
        }
        stream.write_all(request)?;
        answer(&mut stream, &mut buffer)?;
        if begun >= warm {
            samples.push(begun.elapsed().as_secs_f64() * 1e6);
        }
    }
}

/// Reads one answer whole; it must be a 200 that tells its length.
fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> anyhow::Result<()> {
    let mut have = 0;
    loop {
        let read = stream.read(&mut buffer[have..])?;
        ensure!(read > 0, "the server hung up");
        have += read;
        let Some(head) = buffer[..have].windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head])?;
        if !text.starts_with("HTTP/1.1 200") {
            bail!("not a 200: {}", String::from_utf8_lossy(&buffer[..have]));
        }
        let lengths = text.lines().filter_map(|line| line.split_once(':'));
        let mut length =
            lengths.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, value)| value.trim());
        let length: usize = length.next_back().context("an answer without a length")?.parse()?;
        let whole = head + 4 + length;
        ensure!(whole <= buffer.len(), "an answer of {whole} bytes is more than this measures");
        if have >= whole {
            return Ok(());
        }
    }
}
