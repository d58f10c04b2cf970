//! Which part of a history or a log is asked for: the same options for both.

use crate::local_client::Path;
use crate::output::Moment;

/// A span of time, an order and a page.
#[derive(Debug, clap::Args)]
pub(super) struct Part {
    /// Not before this time: RFC 3339, milliseconds since 1970, or a span before now such as 2h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) from: Option<Moment>,
    /// Before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) to: Option<Moment>,
    /// At most this many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Oldest or newest first
    #[arg(long)]
    order: Option<Order>,
    /// Go on where the last page ended
    #[arg(long)]
    cursor: Option<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Order {
    Asc,
    Desc,
}

impl Part {
    /// Newest first unless the other order was asked for.
    pub(super) const fn newest_first(mut self) -> Self {
        if self.order.is_none() {
            self.order = Some(Order::Desc);
        }
        self
    }

    /// Adds what was asked for to a path.
    pub(super) fn put_into(&self, path: Path) -> Path {
        let order = self.order.map(|order| match order {
            Order::Asc => "asc",
            Order::Desc => "desc",
        });
        path.query("from", self.from.map(|moment| moment.0))
            .query("to", self.to.map(|moment| moment.0))
            .query("limit", self.limit)
            .query("order", order)
            .query("cursor", self.cursor.as_deref())
    }
}
