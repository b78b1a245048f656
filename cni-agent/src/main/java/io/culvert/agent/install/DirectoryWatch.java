package io.culvert.agent.install;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits until something happens to certain files. inotify watches directories; of one that is not there, or was
 * replaced, only the caller's slow look tells, so {@link #renew} is called before each wait.
 */
final class DirectoryWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DirectoryWatch.class);

    private final WatchService service;
    private final Map<Path, Predicate<Path>> wanted;
    private final Map<Path, WatchKey> keys = new HashMap<>();
    private boolean complained;

    /** @param wanted by directory, which names in it matter */
    DirectoryWatch(Path anyDirectory, Map<Path, Predicate<Path>> wanted) throws IOException {
        this.service = anyDirectory.getFileSystem().newWatchService();
        this.wanted = Map.copyOf(wanted);
    }

    /** Watches the directories that are there and not yet watched. */
    void renew() {
        for (Path directory : wanted.keySet()) {
            WatchKey key = keys.get(directory);
            if ((key == null || !key.isValid()) && Files.isDirectory(directory)) {
                try {
                    keys.put(
                            directory,
                            directory.register(
                                    service,
                                    StandardWatchEventKinds.ENTRY_CREATE,
                                    StandardWatchEventKinds.ENTRY_MODIFY,
                                    StandardWatchEventKinds.ENTRY_DELETE));
                } catch (IOException e) {
                    complain(directory, e);
                }
            }
        }
    }

    private void complain(Path directory, IOException e) {
        if (!complained) {
            complained = true;
            log.warn(
                    "{} cannot be watched ({}); changes there are seen late. Raise fs.inotify.max_user_instances or"
                            + " max_user_watches if those are used up",
                    directory,
                    e.toString());
        }
    }

    /**
     * Waits.
     *
     * @return whether something happened; false where the time is over
     * @throws ClosedWatchServiceException after {@link #close}
     */
    boolean await(Duration limit) throws InterruptedException {
        WatchKey key = service.poll(limit.toNanos(), TimeUnit.NANOSECONDS);
        boolean relevant = false;
        while (key != null) {
            relevant |= drain(key);
            key = service.poll();
        }
        return relevant;
    }

    private boolean drain(WatchKey key) {
        Predicate<Path> matters = wanted.getOrDefault((Path) key.watchable(), name -> false);
        boolean relevant = false;
        for (WatchEvent<?> event : key.pollEvents()) {
            // An overflow has no name: anything may have happened.
            relevant |= !(event.context() instanceof Path name) || matters.test(name);
        }
        key.reset();
        return relevant;
    }

    @Override
    public void close() throws IOException {
        service.close();
    }
}
