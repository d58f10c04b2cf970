//! What jobs there are. A kind is stored by its name and shown by it, so a name is never changed.

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// Makes a backup of the whole server.
    CreateBackup,
    /// Reads a backup to its end and checks what it holds.
    VerifyBackup,
    /// Makes the devices that a file lists.
    ImportDevices,
    /// Writes a list of devices into a file.
    ExportDevices,
    /// Lets devices connect again.
    EnableDevices,
    /// Keeps devices from connecting.
    DisableDevices,
    /// Gives devices tags or takes them away.
    TagDevices,
    /// Deletes devices with what they reported.
    DeleteDevices,
}

impl JobKind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateBackup => "CreateBackup",
            Self::VerifyBackup => "VerifyBackup",
            Self::ImportDevices => "ImportDevices",
            Self::ExportDevices => "ExportDevices",
            Self::EnableDevices => "EnableDevices",
            Self::DisableDevices => "DisableDevices",
            Self::TagDevices => "TagDevices",
            Self::DeleteDevices => "DeleteDevices",
        }
    }
}
