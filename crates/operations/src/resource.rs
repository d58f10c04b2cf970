//! The names that policies have for objects (management API facts §9.1).

use std::fmt;

use yizhan_vocabulary::{ApplicationId, DeviceName, InstanceId, ProductId, ProjectId, Uin};

/// An object as a policy names it. Each form begins with the root account that the object belongs to.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    /// Everything of an account, for operations that concern no object of their own.
    Account(Uin),
    /// The accounts, keys and policies of an account.
    Access(Uin),
    /// What the operator of the installation manages; of the first root account.
    Installation(Uin),
    /// An instance.
    Instance(Uin, &'a InstanceId),
    /// A project.
    Project(Uin, &'a ProjectId),
    /// An application of a project.
    Application(Uin, &'a ProjectId, &'a ApplicationId),
    /// A product in its project.
    Product(Uin, &'a ProjectId, &'a ProductId),
    /// A device of a product.
    Device(Uin, &'a ProjectId, &'a ProductId, &'a DeviceName),
}

impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The region says nothing here; this is the one of the vendor's samples.
        let start = |f: &mut fmt::Formatter<'_>, owner: Uin| write!(f, "qcs::iotexplorer:gz:uin/{owner}:");
        match self {
            Self::Account(owner) => {
                start(f, *owner)?;
                f.write_str("*")
            }
            Self::Access(owner) => write!(f, "qcs::cam::uin/{owner}:*"),
            Self::Installation(owner) => {
                start(f, *owner)?;
                f.write_str("installation")
            }
            Self::Instance(owner, instance) => {
                start(f, *owner)?;
                write!(f, "instance/{instance}")
            }
            Self::Project(owner, project) => {
                start(f, *owner)?;
                write!(f, "project/{project}")
            }
            Self::Application(owner, project, application) => {
                start(f, *owner)?;
                write!(f, "project/{project}/application/{application}")
            }
            Self::Product(owner, project, product) => {
                start(f, *owner)?;
                write!(f, "project/{project}/product/{product}")
            }
            Self::Device(owner, project, product, device) => {
                start(f, *owner)?;
                write!(f, "project/{project}/product/{product}/device/{device}")
            }
        }
    }
}
