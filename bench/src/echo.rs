//! A bare hyper server that answers with what it was sent: the least that any
//! HTTP front end written like ours can cost. One thread a core, as ours.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use socket2::{Domain, Socket, Type};

/// Where to listen.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address and port.
    #[arg(long)]
    listen: SocketAddr,
}

/// Serves until killed.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism()?.get();
    let mut threads = Vec::new();
    for _ in 0..cores {
        let socket = Socket::new(Domain::for_address(args.listen), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&args.listen.into())?;
        socket.listen(1024)?;
        threads.push(std::thread::spawn(move || shard(socket.into())));
    }
    for thread in threads {
        thread.join().expect("a shard does not panic")?;
    }
    Ok(())
}

fn shard(listener: std::net::TcpListener) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let connection = hyper::server::conn::http1::Builder::new()
                .pipeline_flush(true)
                .serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(connection);
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Ok(Response::new(Full::new(body)))
}
