//! Long work beside visitors, on threads that answer nobody: nobody who is answered waits behind it.
//!
//! There are two for the whole program, one for work that waits and one for work that does not, and not one for each
//! piece of work: memory that one thread gave back is the next one's only if it is the same thread's, and a large catalog
//! takes hundreds of megabytes for a moment.

use std::any::Any;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::LazyLock;
use std::sync::mpsc as blocking;

use futures_util::FutureExt as _;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument as _;

/// How much these threads yield to those that answer visitors, as `nice` counts: where both want a processor, they get a
/// tenth, and all of it where nobody else wants it.
const YIELDS: i32 = 10;

type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;
type Computing = Box<dyn FnOnce() + Send>;
type Ended<T> = Result<T, Box<dyn Any + Send>>;

static WAITING: LazyLock<Option<mpsc::UnboundedSender<Waiting>>> = LazyLock::new(|| {
    let (send, mut work) = mpsc::unbounded_channel::<Waiting>();
    let runtime = tokio::runtime::Builder::new_current_thread().build().ok()?;
    let thread = start("apart", move || {
        runtime.block_on(async {
            while let Some(work) = work.recv().await {
                tokio::spawn(work);
            }
        });
    });
    thread.then_some(send)
});

static COMPUTING: LazyLock<Option<blocking::Sender<Computing>>> = LazyLock::new(|| {
    let (send, work) = blocking::channel::<Computing>();
    let thread = start("computes", move || work.iter().for_each(|work| work()));
    thread.then_some(send)
});

fn start(name: &str, work: impl FnOnce() + Send + 'static) -> bool {
    let thread = std::thread::Builder::new().name(name.to_owned());
    let started = thread.spawn(move || {
        yield_to_others();
        work();
    });
    started.is_ok()
}

/// On Linux a thread has a priority of its own; elsewhere it would be the whole program's.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(YIELDS) {
        tracing::debug!(%error, "this thread keeps its priority");
    }
}

/// Runs a future on a thread of low priority, beside others there; it waits there as anywhere. Whoever drops this future
/// has it dropped too, where it waits next. What it does must not make threads that outlive it: they would be as slow.
///
/// # Errors
/// Where there is no such thread, or the program ends.
pub async fn run<F>(work: F) -> io::Result<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let (mut told, ended) = oneshot::channel();
    let work = of_runtime(Handle::current(), AssertUnwindSafe(work.in_current_span()).catch_unwind());
    let work = async move {
        let worked = {
            let mut work = pin!(work);
            tokio::select! {
                biased;
                () = told.closed() => None,
                output = &mut work => Some(output),
            }
        };
        if let Some(output) = worked {
            let _nobody_waits_any_more = told.send(output).map_err(drop);
        }
    };
    let thread = WAITING.as_ref().ok_or_else(no_thread)?;
    thread.send(Box::pin(work)).map_err(|_| no_thread())?;
    output(ended).await
}

/// A future as it would run in that runtime: its connections and timers are that one's, and so is whatever it begins,
/// also when it is dropped.
async fn of_runtime<F: Future>(runtime: Handle, work: F) -> F::Output {
    struct Inside<F>(Option<Pin<Box<F>>>, Handle);
    impl<F> Drop for Inside<F> {
        fn drop(&mut self) {
            let _inside = self.1.enter();
            self.0 = None;
        }
    }
    let mut inside = Inside(Some(Box::pin(work)), runtime);
    std::future::poll_fn(move |context| {
        let _inside = inside.1.enter();
        match &mut inside.0 {
            Some(work) => work.as_mut().poll(context),
            None => std::task::Poll::Pending,
        }
    })
    .await
}

/// Runs what waits for nothing of the runtime's on a thread of low priority, one after the other, each to its end.
///
/// # Errors
/// Where there is no such thread.
pub fn compute<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = io::Result<T>> {
    let (told, ended) = oneshot::channel();
    let work: Computing = Box::new(move || {
        let _nobody_waits_any_more = told.send(catch_unwind(AssertUnwindSafe(work))).map_err(drop);
    });
    let sent = COMPUTING.as_ref().is_some_and(|thread| thread.send(work).is_ok());
    async move { if sent { output(ended).await } else { Err(no_thread()) } }
}

fn no_thread() -> io::Error {
    io::Error::other("there is no thread for long work")
}

async fn output<T>(ended: oneshot::Receiver<Ended<T>>) -> io::Result<T> {
    match ended.await {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => Err(io::Error::other("the program ended before its work")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn work_waits_and_ends_elsewhere() {
        let here = std::thread::current().id();
        let work = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            std::thread::current().id()
        };
        assert_ne!(run(work).await.unwrap(), here);
        assert_ne!(compute(|| std::thread::current().id()).await.unwrap(), here);
    }

    #[tokio::test]
    async fn whoever_is_dropped_drops_the_work() {
        let held = Arc::new(());
        let inside = Arc::clone(&held);
        let work = async move {
            let _inside = inside;
            std::future::pending::<()>().await;
        };
        let task = tokio::spawn(async move { run(work).await.is_ok() });
        while !task.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
            task.abort();
        }
        while Arc::strong_count(&held) > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn a_panic_is_the_callers() {
        let task = tokio::spawn(async { compute(|| std::panic::resume_unwind(Box::new("x"))).await.is_ok() });
        assert!(task.await.is_err_and(|ended| ended.is_panic()));
        let task =
            tokio::spawn(async { run(async { std::panic::resume_unwind(Box::new("x")) }).await.is_ok() });
        assert!(task.await.is_err_and(|ended| ended.is_panic()));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_thread_yields_and_others_do_not() {
        fn own() -> i32 {
            rustix::process::nice(0).unwrap()
        }
        let (before, apart) = (own(), compute(own).await.unwrap());
        assert_eq!((apart, own()), ((before + YIELDS).min(19), before));
    }
}
