//! The system calls that change a file system, and where their arguments name what they change.

use nix::libc::{self, c_long};

/// An argument, or two, that name a file. The number is the argument's place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// A path.
    Path(usize),
    /// A directory's descriptor and a path.
    At(usize, usize),
    /// A descriptor.
    Descriptor(usize),
}

use Target::{At, Descriptor, Path};

/// One system call: its number, its name, what it changes.
pub(super) type Row = (c_long, &'static str, &'static [Target]);

/// All of them, as the machine has them. What opens a file only to read it is sorted out by its flags.
pub(super) const TABLE: &[Row] = &[
    (libc::SYS_open, "open", &[Path(0)]),
    (libc::SYS_openat, "openat", &[At(0, 1)]),
    (libc::SYS_openat2, "openat2", &[At(0, 1)]),
    (libc::SYS_creat, "creat", &[Path(0)]),
    (libc::SYS_write, "write", &[Descriptor(0)]),
    (libc::SYS_pwrite64, "pwrite64", &[Descriptor(0)]),
    (libc::SYS_writev, "writev", &[Descriptor(0)]),
    (libc::SYS_pwritev, "pwritev", &[Descriptor(0)]),
    (libc::SYS_pwritev2, "pwritev2", &[Descriptor(0)]),
    (libc::SYS_sendfile, "sendfile", &[Descriptor(0)]),
    (libc::SYS_splice, "splice", &[Descriptor(2)]),
    (
        libc::SYS_copy_file_range,
        "copy_file_range",
        &[Descriptor(2)],
    ),
    (libc::SYS_truncate, "truncate", &[Path(0)]),
    (libc::SYS_ftruncate, "ftruncate", &[Descriptor(0)]),
    (libc::SYS_fallocate, "fallocate", &[Descriptor(0)]),
    (libc::SYS_fsync, "fsync", &[Descriptor(0)]),
    (libc::SYS_fdatasync, "fdatasync", &[Descriptor(0)]),
    (libc::SYS_syncfs, "syncfs", &[Descriptor(0)]),
    (
        libc::SYS_sync_file_range,
        "sync_file_range",
        &[Descriptor(0)],
    ),
    (libc::SYS_flock, "flock", &[Descriptor(0)]),
    (libc::SYS_rename, "rename", &[Path(0), Path(1)]),
    (libc::SYS_renameat, "renameat", &[At(0, 1), At(2, 3)]),
    (libc::SYS_renameat2, "renameat2", &[At(0, 1), At(2, 3)]),
    (libc::SYS_link, "link", &[Path(0), Path(1)]),
    (libc::SYS_linkat, "linkat", &[At(0, 1), At(2, 3)]),
    (libc::SYS_symlink, "symlink", &[Path(1)]),
    (libc::SYS_symlinkat, "symlinkat", &[At(1, 2)]),
    (libc::SYS_unlink, "unlink", &[Path(0)]),
    (libc::SYS_unlinkat, "unlinkat", &[At(0, 1)]),
    (libc::SYS_mkdir, "mkdir", &[Path(0)]),
    (libc::SYS_mkdirat, "mkdirat", &[At(0, 1)]),
    (libc::SYS_rmdir, "rmdir", &[Path(0)]),
    (libc::SYS_mknod, "mknod", &[Path(0)]),
    (libc::SYS_mknodat, "mknodat", &[At(0, 1)]),
    (libc::SYS_chmod, "chmod", &[Path(0)]),
    (libc::SYS_fchmod, "fchmod", &[Descriptor(0)]),
    (libc::SYS_fchmodat, "fchmodat", &[At(0, 1)]),
    (libc::SYS_chown, "chown", &[Path(0)]),
    (libc::SYS_lchown, "lchown", &[Path(0)]),
    (libc::SYS_fchown, "fchown", &[Descriptor(0)]),
    (libc::SYS_fchownat, "fchownat", &[At(0, 1)]),
    (libc::SYS_utime, "utime", &[Path(0)]),
    (libc::SYS_utimes, "utimes", &[Path(0)]),
    (libc::SYS_futimesat, "futimesat", &[At(0, 1)]),
    (libc::SYS_utimensat, "utimensat", &[At(0, 1)]),
    (libc::SYS_setxattr, "setxattr", &[Path(0)]),
    (libc::SYS_lsetxattr, "lsetxattr", &[Path(0)]),
    (libc::SYS_fsetxattr, "fsetxattr", &[Descriptor(0)]),
    (libc::SYS_removexattr, "removexattr", &[Path(0)]),
    (libc::SYS_lremovexattr, "lremovexattr", &[Path(0)]),
    (libc::SYS_fremovexattr, "fremovexattr", &[Descriptor(0)]),
];

/// Where the flags of an `open` are, which tell whether it may change anything.
pub(super) fn open_flags(name: &str) -> Option<usize> {
    match name {
        "open" => Some(1),
        "openat" => Some(2),
        _ => None,
    }
}

/// Whether a file opened with these flags may be changed.
pub(super) fn may_change(flags: u64) -> bool {
    const CHANGING: i32 = libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC;
    flags & u64::from(CHANGING.cast_unsigned()) != 0
}
