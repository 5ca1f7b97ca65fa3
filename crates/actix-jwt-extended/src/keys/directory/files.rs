//! The files of a directory of keys: read as they must be, written so that a crash leaves the old or the new one.

use crate::keys::key_file;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::path::Path;
use zeroize::Zeroizing;

pub(super) const JOURNAL: &str = "keys.json";

/// 4,096 keys take less.
const LONGEST_JOURNAL: u64 = 4 * 1024 * 1024;

/// What tells one content of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    modified: Option<std::time::SystemTime>,
    inode: u64,
}

/// `None` = it cannot be looked at.
pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    let found = std::fs::metadata(path).ok()?;
    Some(Stamp { length: found.len(), modified: found.modified().ok(), inode: inode(&found) })
}

#[cfg(unix)]
fn inode(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(found)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

/// `None` = there is none.
pub(super) fn read_journal(directory: &Path) -> Result<Option<String>> {
    let path = directory.join(JOURNAL);
    match regular(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    let mut text = String::new();
    File::open(path)?.take(LONGEST_JOURNAL + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST_JOURNAL {
        return Err(Error::other("it is longer than 4 MiB"));
    }
    Ok(Some(text))
}

/// A key's file, and the permissions by which others than its owner can read it, if there are any.
pub(super) fn read_key(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Option<u32>)> {
    let found = regular(path)?;
    Ok((key_file::read(path)?, open_to_others(&found)))
}

#[cfg(unix)]
fn open_to_others(found: &Metadata) -> Option<u32> {
    let mode = std::os::unix::fs::MetadataExt::mode(found) & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn open_to_others(_: &Metadata) -> Option<u32> {
    None
}

/// Symbolic links are followed: Kubernetes mounts secrets so. But what they lead to is not waited for, as a pipe is.
fn regular(path: &Path) -> Result<Metadata> {
    let found = std::fs::metadata(path)?;
    if found.is_file() { Ok(found) } else { Err(Error::other("it is no regular file")) }
}

/// The files that may hold keys; `most` and one more at most.
pub(super) fn candidates(directory: &Path, most: usize) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        let is_key = [".pem", ".key", ".jwk", ".secret"].iter().any(|end| name.ends_with(end));
        if is_key && !name.starts_with('.') {
            names.push(name);
            if names.len() > most {
                break;
            }
        }
    }
    names.sort();
    Ok(names)
}

/// A new file with mode 0600, all of whose content is on the disk. Never replaces one.
pub(super) fn create_key(directory: &Path, name: &str, content: &[u8]) -> Result<()> {
    if is_there(directory, name) {
        return Err(ErrorKind::AlreadyExists.into());
    }
    write_whole(directory, ".key.new", name, content)
}

/// Whether something has this name, if only a link that leads nowhere.
pub(super) fn is_there(directory: &Path, name: &str) -> bool {
    std::fs::symlink_metadata(directory.join(name)).is_ok()
}

/// The old journal or this one is there, whatever happens.
pub(super) fn write_journal(directory: &Path, text: &str) -> Result<()> {
    write_whole(directory, &format!(".{JOURNAL}.new"), JOURNAL, text.as_bytes())
}

/// Under another name first. Whoever writes holds the lock.
fn write_whole(directory: &Path, temporary: &str, name: &str, content: &[u8]) -> Result<()> {
    let temporary = directory.join(temporary);
    let mut file = private_file().create(true).truncate(true).open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(temporary, directory.join(name))?;
    sync(directory)
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// So that a name is on the disk, too.
fn sync(directory: &Path) -> Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// Held while the journal is changed; gone with the process that holds it.
pub(super) fn lock(directory: &Path) -> Result<File> {
    let file = private_file().create(true).truncate(false).open(directory.join(".lock"))?;
    file.lock()?;
    Ok(file)
}
