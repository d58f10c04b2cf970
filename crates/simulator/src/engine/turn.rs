//! One turn of the event loop: poll, move bytes, call the driver.

use std::cmp::Reverse;
use std::io;
use std::time::Duration;

use mio::Events;

use super::link::{Closing, Link, Phase};
use super::wire::Wire;
use super::{ALARM, CALL, Driver, Ending, Engine, EngineError, LinkId, Nanos};
use crate::packets::next_packet;

/// The most that may wait to be written on one connection.
const MAX_PENDING: usize = 8 * 1024 * 1024;
/// The longest sleep, so that a caller's stop flag is seen.
const LONGEST_SLEEP: Nanos = 100_000_000;

impl Engine {
    /// Waits for events, a timer or the driver's next deadline, and handles what there is.
    pub(super) fn turn<D: Driver>(&mut self, driver: &mut D, end: Option<Nanos>) -> Result<(), EngineError> {
        self.clock();
        self.fire_timers(driver);
        let due = driver.turn(self);
        self.report_endings(driver);
        while let Some(id) = self.resumed.pop() {
            self.read(driver, id);
        }
        self.wait(due.into_iter().chain(end).min())?;

        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            if event.token() == ALARM || event.token() == CALL {
                continue;
            }
            let slot = event.token().0;
            let readable = event.is_readable() || event.is_read_closed() || event.is_error();
            self.ready(driver, slot, readable);
            self.report_endings(driver);
        }
        self.events = events;
        Ok(())
    }

    /// Polls until `due`, the first timer or the longest sleep, whichever is first.
    fn wait(&mut self, due: Option<Nanos>) -> Result<(), EngineError> {
        let timer = self.timers.peek().map(|Reverse((at, ..))| *at);
        let now = self.clock();
        let sleep = due.into_iter().chain(timer).min().map_or(LONGEST_SLEEP, |at| at.saturating_sub(now));
        let timeout = if !self.ended.is_empty() || sleep == 0 {
            Duration::ZERO
        } else if sleep >= LONGEST_SLEEP {
            Duration::from_nanos(LONGEST_SLEEP)
        } else {
            // The poll's own timeout has milliseconds only; the alarm is exact and the timeout a net below it.
            self.alarm.set(Duration::from_nanos(sleep))?;
            Duration::from_nanos(sleep) + Duration::from_millis(2)
        };
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        self.clock();
        Ok(())
    }

    fn fire_timers<D: Driver>(&mut self, driver: &mut D) {
        // What the driver sets now for the past fires in the next turn, so that this loop ends.
        let now = self.now;
        let mut budget = self.timers.len();
        while let Some(Reverse((at, owner, tag))) = self.timers.peek().copied() {
            if at > now || budget == 0 {
                break;
            }
            budget -= 1;
            self.timers.pop();
            driver.woken(self, owner, tag);
            self.report_endings(driver);
        }
    }

    /// Removes ended connections and tells the driver, one by one.
    fn report_endings<D: Driver>(&mut self, driver: &mut D) {
        // What ends because of these calls waits for the next round, so that this loop ends.
        let mut batch = std::mem::take(&mut self.ended);
        for (id, ending) in batch.drain(..) {
            let link = self.links.remove(id.slot as usize);
            let owner = link.owner;
            drop(link);
            driver.ended(self, owner, id, ending);
        }
        batch.append(&mut self.ended);
        self.ended = batch;
    }

    /// Handles a ready connection, whatever phase it is in.
    fn ready<D: Driver>(&mut self, driver: &mut D, slot: usize, readable: bool) {
        let Some(link) = self.links.get_mut(slot).filter(|link| !link.dead) else { return };
        let id = LinkId { slot: slot as u32, generation: link.generation };
        if link.phase != Phase::Open {
            match self.advance(driver, id) {
                Ok(()) => {}
                Err(reason) => return self.end(id, Ending::NotOpened(reason)),
            }
        }
        if self.find(id).is_some_and(|link| !link.pending.is_empty()) {
            self.write_pending(id);
        }
        if readable {
            self.read(driver, id);
        }
    }

    /// Takes the opening of a connection as far as it goes.
    fn advance<D: Driver>(&mut self, driver: &mut D, id: LinkId) -> Result<(), String> {
        let Some(link) = self.find(id) else { return Ok(()) };
        let Some(wire) = &mut link.wire else { return Ok(()) };
        if link.phase == Phase::Connecting {
            if let Some(error) = wire.socket().take_error().unwrap_or_else(Some) {
                return Err(error.to_string());
            }
            match wire.socket().peer_addr() {
                Ok(_) => link.phase = Phase::Handshaking,
                Err(error) if error.kind() == io::ErrorKind::NotConnected => return Ok(()),
                Err(error) => return Err(error.to_string()),
            }
        }
        if link.phase == Phase::Handshaking {
            if !wire.handshake().map_err(|error| error.to_string())? {
                return Ok(());
            }
            let Some(web) = &link.web else {
                self.opened(driver, id);
                return Ok(());
            };
            link.phase = Phase::Upgrading;
            link.pending.extend_from_slice(web.request().as_bytes());
        }
        Ok(())
    }

    fn opened<D: Driver>(&mut self, driver: &mut D, id: LinkId) {
        let Some(link) = self.find(id) else { return };
        link.phase = Phase::Open;
        let owner = link.owner;
        self.output.clear();
        let mut closing = None;
        driver.opened(&mut Link {
            owner,
            id,
            now: self.now,
            output: &mut self.output,
            closing: &mut closing,
            timers: &mut self.timers,
        });
        self.flush(id);
        if let Some(closing) = closing {
            self.begin_close(id, closing);
        }
    }

    /// Reads what there is and hands its packets to the driver; answers leave in one write a read.
    pub(super) fn read<D: Driver>(&mut self, driver: &mut D, id: LinkId) {
        loop {
            let Some(link) = self.links.get_mut(id.slot as usize) else { return };
            if link.dead || link.generation != id.generation || link.paused || link.phase < Phase::Upgrading {
                return;
            }
            let Some(wire) = &mut link.wire else { return };
            let kept = link.rest.len();
            self.input[..kept].copy_from_slice(&link.rest);
            let got = match wire.read(&mut self.input[kept..]) {
                Ok(0) => return self.end(id, Ending::ByServer),
                Ok(got) => got,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return self.end(id, Ending::Broken(error.to_string())),
            };
            let emptied = wire.short_read_empties() && kept + got < self.input.len();
            link.rest.clear();
            self.now = self.started.elapsed().as_nanos() as Nanos;
            let (mut from, mut to) = (0, kept + got);
            if let Some(web) = &mut link.web {
                let mut fresh = kept;
                if link.phase == Phase::Upgrading {
                    match web.answer(&self.input[..to]) {
                        Ok(Some(used)) => (from, fresh) = (used, used),
                        Ok(None) => {
                            link.rest.extend_from_slice(&self.input[..to]);
                            if emptied {
                                return;
                            }
                            continue;
                        }
                        Err(error) => return self.end(id, Ending::NotOpened(error.to_string())),
                    }
                }
                match web.unwrap(&mut self.input[fresh..to]) {
                    Ok(length) => to = fresh + length,
                    Err(error) => return self.end(id, Ending::Broken(error.to_string())),
                }
                if link.phase == Phase::Upgrading {
                    self.opened(driver, id);
                }
            }
            self.deliver(driver, id, from, to);
            if emptied {
                return;
            }
        }
    }

    /// Hands the packets in `input[from..to]` to the driver and keeps what is cut.
    fn deliver<D: Driver>(&mut self, driver: &mut D, id: LinkId, mut from: usize, to: usize) {
        let Some(owner) = self.find(id).map(|link| link.owner) else { return };
        self.output.clear();
        let mut closing = None;
        let mut malformed = None;
        while closing.is_none() {
            match next_packet(&self.input[from..to]) {
                Ok(Some((packet, used))) => {
                    let mut view = Link {
                        owner,
                        id,
                        now: self.now,
                        output: &mut self.output,
                        closing: &mut closing,
                        timers: &mut self.timers,
                    };
                    driver.received(packet, &mut view);
                    from += used;
                }
                Ok(None) => break,
                Err(error) => {
                    malformed = Some(error);
                    break;
                }
            }
        }
        let link = &mut self.links[id.slot as usize];
        link.rest.extend_from_slice(&self.input[from..to]);
        if let Some(web) = &mut link.web {
            web.take_pongs(&mut link.pending);
        }
        self.flush(id);
        if let Some(error) = malformed {
            self.end(id, Ending::Malformed(error));
        } else if let Some(closing) = closing {
            self.begin_close(id, closing);
        }
    }

    /// Sends what the driver has written to `output`; what the socket does not take waits.
    pub(super) fn flush(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(id.slot as usize) else { return };
        if link.dead || (self.output.is_empty() && link.pending.is_empty()) {
            return;
        }
        if let Some(web) = &mut link.web {
            if !self.output.is_empty() {
                web.wrap(&self.output, &mut link.pending);
            }
            return self.write_pending(id);
        }
        let mut sent = 0;
        if let (true, Some(wire)) = (link.pending.is_empty(), &mut link.wire) {
            sent = loop {
                match wire.write(&self.output) {
                    Ok(sent) => break sent,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break 0,
                    Err(error) => return self.end(id, Ending::Broken(error.to_string())),
                }
            };
        }
        if sent < self.output.len() {
            link.pending.extend_from_slice(&self.output[sent..]);
            // An edge may already have come between the short write and now.
            self.write_pending(id);
        }
    }

    /// Writes what waits until the socket takes no more.
    fn write_pending(&mut self, id: LinkId) {
        let Some(link) = self.find(id) else { return };
        let Some(wire) = &mut link.wire else { return };
        while link.written < link.pending.len() {
            match wire.write(&link.pending[link.written..]) {
                Ok(sent) => link.written += sent,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if link.pending.len() - link.written > MAX_PENDING {
                        self.end(id, Ending::ServerNotReading);
                    }
                    return;
                }
                Err(error) => return self.end(id, Ending::Broken(error.to_string())),
            }
        }
        link.pending.clear();
        link.written = 0;
        if link.closing.is_some() {
            wire.say_end();
            self.end(id, Ending::Requested);
        }
    }

    /// Closes at once, or as soon as what waits is written.
    pub(super) fn begin_close(&mut self, id: LinkId, closing: Closing) {
        let Some(link) = self.find(id) else { return };
        match closing {
            Closing::Reset => {
                if let Some(wire) = &mut link.wire {
                    // Nothing depends on the outcome: without it the stream ends in an orderly way.
                    let _ = socket2::SockRef::from(&*wire.socket()).set_linger(Some(Duration::ZERO));
                }
            }
            Closing::Orderly if !link.pending.is_empty() => {
                link.closing = Some(closing);
                return;
            }
            Closing::Orderly => link.wire.iter_mut().for_each(Wire::say_end),
        }
        self.end(id, Ending::Requested);
    }

    /// Queues a connection's end; it takes part in nothing from here on.
    fn end(&mut self, id: LinkId, ending: Ending) {
        if let Some(link) = self.find(id) {
            link.dead = true;
            self.ended.push((id, ending));
        }
    }
}
