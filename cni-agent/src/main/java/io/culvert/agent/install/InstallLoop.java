package io.culvert.agent.install;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the node as {@link Installer} wants it [istio cni/pkg/install/install.go Run, sleepWatchInstall]: a pass at the
 * start, after each event in the directories, and now and then without one, because inotify may miss what happens below
 * a mount. What fails is told once and tried again, where the original ends its process and leaves the retrying to the
 * kubelet.
 *
 * <pre>
 *   WAITING ──pass done──▶ READY ──event──▶ pass ──▶ READY
 *      ▲                     │
 *      └── nothing to chain after, or a step failed ◀──┘
 * </pre>
 *
 * <p>Its thread is {@code installer}; {@link #ready} may be asked by any.
 */
public final class InstallLoop implements AutoCloseable {
    /** Told of what matters to operators. */
    public interface Observer {
        /**
         * All is in place, or a step failed.
         *
         * @param result {@code SUCCESS}, or the step
         */
        void installed(String result);
    }

    /** Without an event; also how often a failed pass is tried again at least. */
    private static final Duration LOOK_EVERY = Duration.ofSeconds(10);

    /** After a failure. The node is unprotected meanwhile, or pods do not start. */
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    /** A program writes a configuration in several steps: one pass for all of them. */
    private static final Duration SETTLE = Duration.ofMillis(50);

    /** The original's numbers: so many repairs within so long a time are a fight. */
    private static final int REPAIRS_MAX = 5;

    private static final Duration REPAIRS_WITHIN = Duration.ofSeconds(30);

    private static final Logger log = LoggerFactory.getLogger(InstallLoop.class);

    private final InstallSettings settings;
    private final Installer installer;
    private final DirectoryWatch watch;
    private final Observer observer;
    private final LongSupplier nanoTicker;
    private final Thread thread = Thread.ofPlatform().name("installer").daemon().unstarted(this::run);
    private volatile boolean ready;
    private String lastTrouble = "";
    private int repairs;
    private long repairsSince;

    private InstallLoop(InstallSettings settings, DirectoryWatch watch, Observer observer, LongSupplier nanoTicker) {
        this.settings = settings;
        this.installer = new Installer(settings);
        this.watch = watch;
        this.observer = observer;
        this.nanoTicker = nanoTicker;
    }

    /** Begins; returns at once. */
    public static InstallLoop start(InstallSettings settings, Observer observer, LongSupplier nanoTicker)
            throws IOException {
        Map<Path, Predicate<Path>> wanted = new HashMap<>();
        wanted.put(settings.netDirectory(), NetworkConfigFile::isCandidate);
        wanted.merge(settings.binaryDirectory(), settings.installedPlugin().getFileName()::equals, Predicate::or);
        wanted.merge(settings.runDirectory(), settings.kubeconfig().getFileName()::equals, Predicate::or);
        // The kubelet exchanges a symbolic link, ..data, when it rotates the token.
        wanted.merge(settings.serviceAccountDirectory(), name -> true, Predicate::or);
        DirectoryWatch watch = new DirectoryWatch(settings.netDirectory(), wanted);
        InstallLoop loop = new InstallLoop(settings, watch, observer, nanoTicker);
        loop.thread.start();
        return loop;
    }

    /** Everything is in place, as far as the last look showed. */
    public boolean ready() {
        return ready;
    }

    private void run() {
        try {
            while (true) {
                // Before the pass, so that nothing that happens during it is missed.
                watch.renew();
                Duration pause = pass() ? LOOK_EVERY : RETRY_AFTER;
                if (watch.await(pause)) {
                    boolean _ = watch.await(SETTLE);
                }
            }
        } catch (ClosedWatchServiceException e) {
            log.debug("the installer ends");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether all is in place. */
    private boolean pass() {
        try {
            Installer.Outcome outcome = installer.pass();
            outcome.written().forEach(file -> log.info("installed {}", file));
            if (!outcome.waitingFor().isEmpty()) {
                ready = false;
                trouble("waiting for " + outcome.waitingFor());
                return false;
            }
            if (!ready) {
                log.info("the CNI plugin is installed");
                observer.installed("SUCCESS");
            } else if (!outcome.written().isEmpty()) {
                observer.installed("SUCCESS");
                repaired(outcome);
            }
            ready = true;
            lastTrouble = "";
            return true;
        } catch (InstallException e) {
            ready = false;
            observer.installed(e.step().name());
            trouble("installing failed and is tried again: " + e.getMessage());
            return false;
        } catch (RuntimeException e) {
            ready = false;
            log.error("installing failed unexpectedly and is tried again; this is a bug of the agent", e);
            return false;
        }
    }

    /** The same again is not said again. */
    private void trouble(String what) {
        if (!what.equals(lastTrouble)) {
            log.warn("{}", what);
            lastTrouble = what;
        }
    }

    private void repaired(Installer.Outcome outcome) {
        long now = nanoTicker.getAsLong();
        if (repairs == 0 || now - repairsSince > REPAIRS_WITHIN.toNanos()) {
            repairs = 0;
            repairsSince = now;
        }
        repairs++;
        if (repairs == REPAIRS_MAX + 1) {
            String hint = outcome.written().toString().contains("cilium") ? "; set cni.exclusive=false in Cilium" : "";
            log.warn(
                    "{} repairs within {} s: another program undoes what is installed{}",
                    repairs,
                    REPAIRS_WITHIN.toSeconds(),
                    hint);
        }
    }

    /** Stops looking; leaves everything installed. */
    @Override
    public void close() {
        try {
            watch.close();
            thread.join();
        } catch (IOException e) {
            log.warn("ending the watch of {}: {}", settings.netDirectory(), e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
