//! Who is connecting: device signatures, certificates, dynamic registration, topic permission.
