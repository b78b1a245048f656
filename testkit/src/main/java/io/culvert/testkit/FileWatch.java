package io.culvert.testkit;

import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Waits until a file was written, replaced or renamed into place. Watches its directory: editors replace files. */
final class FileWatch implements AutoCloseable {
    /** Several writes of one save count as one. */
    private static final long QUIET_MS = 150;

    private final WatchService service;
    private final Path name;

    private FileWatch(WatchService service, Path name) {
        this.service = service;
        this.name = name;
    }

    static FileWatch of(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        Path name = file.getFileName();
        if (directory == null || name == null) {
            throw new IOException(file + " is no file that can be watched");
        }
        WatchService service = directory.getFileSystem().newWatchService();
        var _ = directory.register(service, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);
        return new FileWatch(service, name);
    }

    /** Returns after a change, once there was none for a moment. */
    void await() throws InterruptedException {
        while (!concerns(service.take())) {
            // another file of the directory
        }
        WatchKey more = service.poll(QUIET_MS, TimeUnit.MILLISECONDS);
        while (more != null) {
            var _ = concerns(more);
            more = service.poll(QUIET_MS, TimeUnit.MILLISECONDS);
        }
    }

    private boolean concerns(WatchKey key) {
        boolean concerns = false;
        for (WatchEvent<?> event : key.pollEvents()) {
            @Nullable Object changed = event.context();
            // Without a context, events were lost: the file may have changed.
            concerns |= changed == null || changed.equals(name);
        }
        key.reset();
        return concerns;
    }

    @Override
    public void close() throws IOException {
        service.close();
    }
}
