//! An answer that comes in pieces, as answers from afar do, is read whole by every host.
//!
//! The stand-in's own come in one piece. Wasmtime 49 ends an exchange after the first one, unless the component waits for
//! how the sending of its request went.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use alertcap_tests::{Host, METRIC, Options, Stack, Store, note, spin_version, until};

#[test]
fn the_embedded_host_reads_answers_that_come_in_pieces() {
    read_whole(Host::Embedded);
}

#[test]
fn wash_reads_answers_that_come_in_pieces() {
    read_whole(Host::Wash(Store::Own));
}

#[test]
fn wasmtime_reads_answers_that_come_in_pieces() {
    read_whole(Host::Wasmtime(Store::Own));
}

#[test]
fn spin_reads_answers_that_come_in_pieces() {
    match spin_version() {
        Some(_) => read_whole(Host::Spin(Store::Own)),
        None => note("skipped: there is no spin on the PATH that can run the component"),
    }
}

fn read_whole(host: Host) {
    let mut stack = Stack::start(&Options { host, ..Options::default() });
    stack.kill_host();
    let azure = in_pieces(stack.azure_url());
    stack.set("login_endpoint", &azure);
    stack.set("arm_endpoint", &azure);
    stack.start_host();
    let answer = stack.alert(METRIC);
    assert_eq!(answer.status, 202, "{answer:?}");
    until(20, "a capture that Azure has taken", || stack.requests(Some("packetCaptures.put")).pop());
    for operation in ["token", "virtualMachines.get", "networkWatchers.list"] {
        assert_eq!(stack.requests(Some(operation)).len(), 1, "{operation}: one answer was enough");
    }
}

/// Where the server at `url` can be reached, its answers in pieces.
fn in_pieces(url: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for client in listener.incoming() {
            let server = url.strip_prefix("http://").and_then(|server| TcpStream::connect(server).ok());
            let (Ok(client), Some(server)) = (client, server) else { continue };
            let (from_client, from_server) = (client.try_clone(), server.try_clone());
            thread::spawn(move || pass_on(from_client?, server, usize::MAX));
            thread::spawn(move || pass_on(from_server?, client, 500));
        }
    });
    format!("http://{address}")
}

/// Copies in pieces of so many bytes, each on the way by itself.
fn pass_on(mut from: TcpStream, mut to: TcpStream, piece: usize) -> io::Result<()> {
    to.set_nodelay(true)?;
    let mut buffer = [0; 16 << 10];
    loop {
        let length = from.read(&mut buffer)?;
        if length == 0 {
            return to.shutdown(Shutdown::Write);
        }
        for piece in buffer[..length].chunks(piece) {
            to.write_all(piece)?;
            // Long enough for the one before to be read by itself.
            thread::sleep(Duration::from_millis(20));
        }
    }
}
