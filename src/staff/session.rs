//! Who is signed in, how long a session lives, and where a sign-in may lead. Pure.

use time::{Duration, OffsetDateTime};

use super::role::{Act, AsksAgain, Role};

/// A session that nobody used for this long is over.
pub const IDLE: Duration = Duration::minutes(30);
/// A session is over after this long, used or not.
pub const ABSOLUTE: Duration = Duration::hours(8);
/// A session's last use is written at most this often: a look at a page should cost no write.
const NOTE_EVERY: Duration = Duration::minutes(1);

/// A sign-in that owes a code waits so long for it.
pub const HALF_WAY: Duration = Duration::minutes(10);
/// Password or code, given again, count for so long: long enough for the units of one outage, short enough that who
/// finds the screen of somebody who left for a coffee moves no money with it.
pub const CONFIRMED_FOR: Duration = Duration::minutes(5);

/// Somebody who signed in, whose session is alive, and whose role may do what the address is for.
#[derive(Clone, Debug)]
pub struct Staff {
    /// The account.
    pub id: i64,
    /// Its e-mail: the actor in histories and in the audit log.
    pub email: String,
    /// What it may do.
    pub role: Role,
    /// Whether the account has a second factor.
    pub has_factor: bool,
    /// When password or code was last given again in this session.
    pub confirmed_at: Option<OffsetDateTime>,
    /// The hash of the session's token.
    pub(super) session: [u8; 32],
}

impl Staff {
    /// Whether this person may do that.
    pub fn may(&self, act: Act) -> bool {
        self.role.may(act)
    }

    /// Whether password or code were given lately enough for such an act.
    pub fn confirmed(&self, asks: AsksAgain, now: OffsetDateTime) -> bool {
        match asks {
            AsksAgain::No => true,
            AsksAgain::WithinMinutes => self.confirmed_at.is_some_and(|at| now < at + CONFIRMED_FOR),
            AsksAgain::EachTime => false,
        }
    }
}

/// The times of one session, as they are stored.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The last use that was noted.
    pub seen_at: OffsetDateTime,
    /// The absolute end.
    pub expires_at: OffsetDateTime,
}

impl Times {
    /// The times of a session that begins now.
    pub fn beginning(now: OffsetDateTime) -> Self {
        Self { seen_at: now, expires_at: now + ABSOLUTE }
    }

    /// Whether the session still opens anything.
    pub fn alive(self, now: OffsetDateTime) -> bool {
        now < self.expires_at && now < self.seen_at + IDLE
    }

    /// Whether this use should be noted.
    pub fn worth_noting(self, now: OffsetDateTime) -> bool {
        now >= self.seen_at + NOTE_EVERY
    }
}

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// A session.
    Session,
    /// A sign-in that owes a code.
    HalfWay,
}

impl Cookie {
    /// The cookie's name. `__Host-` binds it to this host and to https; browsers refuse that name over plain http, so
    /// a shop without https (a demo on loopback) uses another one.
    pub fn name(self, public_url: &str) -> &'static str {
        match (self, is_secure(public_url)) {
            (Self::Session, true) => "__Host-simfront_admin",
            (Self::Session, false) => "simfront_admin",
            (Self::HalfWay, true) => "__Host-simfront_admin_code",
            (Self::HalfWay, false) => "simfront_admin_code",
        }
    }

    /// The whole `Set-Cookie` value that hands out a token. It ends with the browser's session; the real end is stored.
    pub fn holding(self, public_url: &str, token: &str) -> String {
        format!("{}={token}; Path=/; HttpOnly; SameSite=Lax{}", self.name(public_url), secure(public_url))
    }

    /// The `Set-Cookie` value that takes the cookie back.
    pub fn removal(self, public_url: &str) -> String {
        format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{}", self.name(public_url), secure(public_url))
    }
}

fn is_secure(public_url: &str) -> bool {
    public_url.starts_with("https://")
}

fn secure(public_url: &str) -> &'static str {
    if is_secure(public_url) { "; Secure" } else { "" }
}

/// Where a sign-in may lead: only to a page of the back office, whatever the address asks for (RELIABILITY S59).
/// It must begin with `/admin` itself, so neither `//evil.example` nor `/\evil.example` nor a scheme can pass.
pub fn local_path(next: &str) -> Option<&str> {
    let rest = next.strip_prefix("/admin")?;
    let at_a_border = rest.is_empty() || rest.starts_with('/') || rest.starts_with('?');
    let harmless = next.len() <= 512 && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let page = rest.split('?').next().unwrap_or_default();
    let leads_somewhere = page != "/login" && page != "/logout" && !page.starts_with("/join/");
    (at_a_border && harmless && leads_somewhere && !page.contains("//")).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_session_ends_idle_and_at_its_absolute_end() {
        let start = datetime!(2026-11-22 08:00 UTC);
        let mut times = Times::beginning(start);
        assert!(times.alive(start) && times.alive(start + Duration::minutes(29)));
        assert!(!times.alive(start + Duration::minutes(30)));
        times.seen_at = start + Duration::minutes(7 * 60 + 45);
        assert!(times.alive(start + Duration::minutes(7 * 60 + 59)));
        assert!(!times.alive(start + Duration::hours(8)));
        assert!(!Times::beginning(start).worth_noting(start + Duration::seconds(59)));
        assert!(Times::beginning(start).worth_noting(start + Duration::seconds(60)));
    }

    #[test]
    fn what_was_given_again_counts_for_minutes_or_not_at_all() {
        let at = datetime!(2026-11-22 08:00 UTC);
        let staff = |confirmed_at| Staff {
            id: 1,
            email: String::new(),
            role: Role::Owner,
            has_factor: false,
            confirmed_at,
            session: [0; 32],
        };
        let later = |minutes| at + Duration::minutes(minutes);
        assert!(!staff(None).confirmed(AsksAgain::WithinMinutes, at));
        assert!(staff(Some(at)).confirmed(AsksAgain::WithinMinutes, later(4)));
        assert!(!staff(Some(at)).confirmed(AsksAgain::WithinMinutes, later(5)));
        assert!(!staff(Some(at)).confirmed(AsksAgain::EachTime, at));
        assert!(staff(None).confirmed(AsksAgain::No, at));
    }

    #[test]
    fn the_cookie_is_bound_to_the_host_on_https() {
        let cookie = Cookie::Session.holding("https://shop.example", "abc");
        assert_eq!(cookie, "__Host-simfront_admin=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(Cookie::Session.name("http://127.0.0.1:3000"), "simfront_admin");
        assert!(!Cookie::HalfWay.holding("http://127.0.0.1:3000", "abc").contains("Secure"));
    }

    #[test]
    fn a_sign_in_leads_only_into_the_back_office() {
        for good in ["/admin", "/admin/orders", "/admin/orders?status=failed&before=7", "/admin?x=1"] {
            assert_eq!(local_path(good), Some(good));
        }
        let bad = [
            "",
            "/",
            "//evil.test",
            "/\\evil.test",
            "https:evil.test",
            "https://evil.test/admin",
            "javascript:alert(1)",
            "%2f%2fevil.test",
            "/%2f%2fevil.test",
            "/administrator",
            "/admin//evil.test",
            "/admin\\evil.test",
            "/admin/\r\nSet-Cookie: x=y",
            "/admin/ü",
            "/admin/login",
            "/admin/login?next=/admin",
            "/admin/logout",
            "/orders/abc",
        ];
        for next in bad {
            assert_eq!(local_path(next), None, "{next}");
        }
    }
}
