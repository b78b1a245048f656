package io.culvert.xds.channel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/**
 * Tells whether a file is the same as at an earlier look. One that is not there has a mark, too.
 *
 * <p>Files are looked at rather than watched: inotify sees neither moved links, as a ConfigMap's, nor other nodes'
 * writes, and a look costs one stat.
 *
 * @param real which file it really is, links followed
 * @param modified when it was written
 * @param bytes its length; -1 if it is not there
 */
public record FileMark(Path real, FileTime modified, long bytes) {

    public static FileMark of(Path file) {
        try {
            Path real = file.toRealPath();
            BasicFileAttributes attributes = Files.readAttributes(real, BasicFileAttributes.class);
            return new FileMark(real, attributes.lastModifiedTime(), attributes.size());
        } catch (IOException e) {
            return new FileMark(file, FileTime.fromMillis(0), -1);
        }
    }

    public boolean isThere() {
        return bytes >= 0;
    }
}
