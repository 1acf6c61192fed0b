//! Calls about the program itself: arguments, environment, clocks, chance, waiting, the end. No sockets.

use super::errno::{Errno, INVAL, NOTSOCK, NOTSUP};
use super::guest::offset;
use super::stop::Stop;
use super::tree::Refusal;
use super::{Answer, Guest, Host};

/// Subscriptions of one `poll_oneoff`.
const MAX_SUBSCRIPTIONS: u32 = 4096;
const SUBSCRIPTION_BYTES: u32 = 48;
const EVENT_BYTES: u32 = 32;

/// What a program waits for.
struct Subscription {
    userdata: u64,
    kind: u8,
    /// Nanoseconds from now, of a clock.
    timeout_ns: u64,
}

fn list_get(guest: &mut Guest<'_>, texts: &[Vec<u8>], pointers: u32, buffer: u32) -> Answer {
    let (mut pointer, mut at) = (pointers, buffer);
    for text in texts {
        guest.write_u32(pointer, at)?;
        guest.write(at, text)?;
        pointer = offset(pointer, 4)?;
        at = offset(at, u32::try_from(text.len()).map_err(|_| INVAL)?)?;
    }
    Ok(())
}

fn list_sizes_get(guest: &mut Guest<'_>, texts: &[Vec<u8>], count: u32, bytes: u32) -> Answer {
    let all: usize = texts.iter().map(Vec::len).sum();
    guest.write_u32(count, u32::try_from(texts.len()).map_err(|_| INVAL)?)?;
    guest.write_u32(bytes, u32::try_from(all).map_err(|_| INVAL)?)?;
    Ok(())
}

impl Host {
    pub(in super::super) fn args_get(&mut self, memory: &mut [u8], pointers: u32, buffer: u32) -> Answer {
        list_get(&mut Guest(memory), &self.arguments, pointers, buffer)
    }

    pub(in super::super) fn args_sizes_get(&mut self, memory: &mut [u8], count: u32, bytes: u32) -> Answer {
        list_sizes_get(&mut Guest(memory), &self.arguments, count, bytes)
    }

    pub(in super::super) fn environ_get(&mut self, memory: &mut [u8], pointers: u32, buffer: u32) -> Answer {
        list_get(&mut Guest(memory), &self.environment, pointers, buffer)
    }

    pub(in super::super) fn environ_sizes_get(&mut self, memory: &mut [u8], count: u32, bytes: u32) -> Answer {
        list_sizes_get(&mut Guest(memory), &self.environment, count, bytes)
    }

    /// Clocks: 0 time of day, 1 monotonic, 2 and 3 processor time, which is the monotonic one here.
    fn time(&mut self, clock: u32) -> Result<u64, Errno> {
        match clock {
            0 => Ok(self.clock.time_of_day()),
            1..=3 => Ok(self.clock.monotonic()),
            _ => Err(INVAL),
        }
    }

    pub(in super::super) fn clock_res_get(&mut self, memory: &mut [u8], clock: u32, result: u32) -> Answer {
        if clock > 3 {
            return Err(INVAL.into());
        }
        Ok(Guest(memory).write_u64(result, 1_000)?)
    }

    pub(in super::super) fn clock_time_get(
        &mut self,
        memory: &mut [u8],
        clock: u32,
        _precision: u64,
        result: u32,
    ) -> Answer {
        let time = self.time(clock)?;
        Ok(Guest(memory).write_u64(result, time)?)
    }

    pub(in super::super) fn random_get(&mut self, memory: &mut [u8], at: u32, length: u32) -> Answer {
        self.chance.fill(Guest(memory).slice_mut(at, length)?);
        Ok(())
    }

    pub(in super::super) fn sched_yield(&mut self, _memory: &mut [u8]) -> Answer {
        Ok(())
    }

    pub(in super::super) fn proc_raise(&mut self, _memory: &mut [u8], signal: u32) -> Answer {
        Err(Refusal::Stop(Stop::Raised(signal.cast_signed())))
    }

    /// Files are always ready; a clock is ready at once, and says that the time went by.
    pub(in super::super) fn poll_oneoff(
        &mut self,
        memory: &mut [u8],
        subscriptions: u32,
        events: u32,
        count: u32,
        result: u32,
    ) -> Answer {
        if count == 0 || count > MAX_SUBSCRIPTIONS {
            return Err(INVAL.into());
        }
        let mut guest = Guest(memory);
        let one = |index: u32| self.subscription(&guest, offset(subscriptions, index * SUBSCRIPTION_BYTES)?);
        let waiting: Vec<Subscription> = (0..count).map(one).collect::<Result<_, Errno>>()?;
        let waits_for_file = waiting.iter().any(|subscription| subscription.kind != 0);
        let shortest = waiting.iter().map(|subscription| subscription.timeout_ns).min().unwrap_or(0);
        if !waits_for_file {
            self.clock.sleep(shortest);
        }
        let is_ready = |subscription: &&Subscription| match waits_for_file {
            true => subscription.kind != 0,
            false => subscription.timeout_ns == shortest,
        };
        let (mut at, mut ready) = (events, 0);
        for subscription in waiting.iter().filter(is_ready) {
            guest.slice_mut(at, EVENT_BYTES)?.fill(0);
            guest.write_u64(at, subscription.userdata)?;
            guest.write(offset(at, 10)?, &[subscription.kind])?;
            at = offset(at, EVENT_BYTES)?;
            ready += 1;
        }
        Ok(guest.write_u32(result, ready)?)
    }

    fn subscription(&self, guest: &Guest<'_>, at: u32) -> Result<Subscription, Errno> {
        let userdata = guest.read_u64(at)?;
        let kind = guest.read_u8(offset(at, 8)?)?;
        let (clock, timeout) = (guest.read_u32(offset(at, 16)?)?, guest.read_u64(offset(at, 24)?)?);
        let is_absolute = guest.read_u16(offset(at, 40)?)? & 1 != 0;
        match kind {
            0 if clock > 3 => Err(INVAL),
            0 if is_absolute => {
                let now = if clock == 0 { self.clock.time_of_day() } else { self.clock.monotonic_now() };
                Ok(Subscription { userdata, kind, timeout_ns: timeout.saturating_sub(now) })
            }
            0 => Ok(Subscription { userdata, kind, timeout_ns: timeout }),
            1 | 2 => Ok(Subscription { userdata, kind, timeout_ns: 0 }),
            _ => Err(INVAL),
        }
    }

    pub(in super::super) fn sock_accept(&mut self, _: &mut [u8], fd: u32, _flags: u32, _result: u32) -> Answer {
        self.no_socket(fd)
    }

    #[allow(clippy::too_many_arguments)] // the standard's own list
    pub(in super::super) fn sock_recv(
        &mut self,
        _: &mut [u8],
        fd: u32,
        _buffers: u32,
        _count: u32,
        _flags: u32,
        _read: u32,
        _out_flags: u32,
    ) -> Answer {
        self.no_socket(fd)
    }

    pub(in super::super) fn sock_send(
        &mut self,
        _: &mut [u8],
        fd: u32,
        _buffers: u32,
        _count: u32,
        _flags: u32,
        _written: u32,
    ) -> Answer {
        self.no_socket(fd)
    }

    pub(in super::super) fn sock_shutdown(&mut self, _: &mut [u8], fd: u32, _how: u32) -> Answer {
        self.no_socket(fd)
    }

    /// There are no sockets: whatever is open is none.
    fn no_socket(&mut self, fd: u32) -> Answer {
        self.table.get(fd)?;
        Err(NOTSOCK.into())
    }

    /// Rights are what the kind of a file allows; a program cannot give them up.
    pub(in super::super) fn fd_fdstat_set_rights(
        &mut self,
        _: &mut [u8],
        fd: u32,
        _rights: u64,
        _inheriting: u64,
    ) -> Answer {
        self.table.get(fd)?;
        Err(NOTSUP.into())
    }
}
