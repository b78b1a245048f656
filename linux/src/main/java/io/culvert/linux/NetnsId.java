package io.culvert.linux;

/**
 * Which network namespace: two descriptors mean the same namespace exactly when both numbers agree.
 *
 * @param device st_dev of the namespace file, as stat(2) gives it
 * @param inode st_ino, the number in "net:[4026532281]"
 */
public record NetnsId(long device, long inode) {

    @Override
    public String toString() {
        return "net:[" + inode + "]";
    }
}
