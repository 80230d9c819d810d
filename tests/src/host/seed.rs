//! Keys put into a store behind the host's back, in the words of each store.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::Path,
};

use rusqlite::Connection;

/// Into the files of `wash dev`.
pub(super) fn files(shared: &Path, keys: &[String]) {
    let bucket = shared.join("store/default");
    fs::create_dir_all(&bucket).expect("a folder");
    for key in keys {
        fs::write(bucket.join(key), b"{}").expect("a file");
    }
}

/// Into the database of Spin, and of the embedded host.
pub(super) fn sqlite(shared: &Path, keys: &[String]) {
    fs::create_dir_all(shared).expect("a folder");
    let mut store = Connection::open(shared.join("sqlite_key_value.db")).expect("a database");
    let schema = "CREATE TABLE IF NOT EXISTS spin_key_value (store TEXT NOT NULL, key TEXT NOT NULL, \
                  value BLOB NOT NULL, PRIMARY KEY (store, key))";
    store.execute(schema, []).expect("its table");
    let all = store.transaction().expect("a transaction");
    for key in keys {
        let insert = "INSERT INTO spin_key_value (store, key, value) VALUES ('default', ?1, ?2)";
        all.execute(insert, (key, b"{}")).expect("a row");
    }
    all.commit().expect("the rows");
}

/// Into a Redis, with a prefix of the host's.
pub(super) fn redis(url: &str, prefix: &str, keys: &[String]) {
    let mut stream = connect(url);
    for key in keys {
        let key = format!("{prefix}{key}");
        let set = format!("*3\r\n$3\r\nSET\r\n${}\r\n{key}\r\n$2\r\n{{}}\r\n", key.len());
        stream.write_all(set.as_bytes()).expect("a SET");
    }
    let answers = BufReader::new(stream).lines().take(keys.len());
    answers.for_each(|answer| assert_eq!(answer.expect("an answer"), "+OK"));
}

/// Into a NATS, whose bucket has to be there: the host makes it when it opens it.
pub(super) fn nats(url: &str, keys: &[String]) {
    let mut stream = connect(url);
    let publish = |key: &String| format!("PUB $KV.default.{key} 2\r\n{{}}\r\n");
    let all: String = keys.iter().map(publish).collect();
    stream.write_all(format!("CONNECT {{\"verbose\":false}}\r\n{all}PING\r\n").as_bytes()).expect("PUBs");
    let mut lines = BufReader::new(stream).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line == "PONG")), "NATS took them");
}

fn connect(url: &str) -> TcpStream {
    let (_, address) = url.split_once("://").expect("a URL");
    TcpStream::connect(address).expect("a connection")
}
