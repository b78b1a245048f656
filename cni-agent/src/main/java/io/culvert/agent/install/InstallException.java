package io.culvert.agent.install;

import java.io.IOException;
import java.nio.file.FileSystemException;

/** A step of the installation that failed, and is tried again. The message names the cause and the remedy. */
public final class InstallException extends IOException {
    private static final long serialVersionUID = 1L;

    /** The label of {@code istio_cni_installs_total}, as the original has it. */
    public enum Step {
        COPY_BINARIES_FAILURE,
        CREATE_KUBECONFIG_FAILURE,
        CREATE_CNI_CONFIG_FAILURE
    }

    private final Step step;

    InstallException(Step step, String message) {
        super(message);
        this.step = step;
    }

    InstallException(Step step, String attempt, IOException cause) {
        super(attempt + ": " + describe(cause), cause);
        this.step = step;
    }

    public Step step() {
        return step;
    }

    private static String describe(IOException cause) {
        String message = cause instanceof FileSystemException file ? file.getFile() + ": " + reason(file) : "";
        if (message.isEmpty()) {
            return cause.getMessage() == null ? cause.toString() : cause.getMessage();
        }
        if (message.contains("Read-only file system")) {
            return message + "; mount a directory of the node that may be written and that its container runtime reads"
                    + " (the chart's cniBinDir and cniConfDir; global.platform sets them for known platforms)";
        }
        if (message.contains("No space left")) {
            return message + "; free some space on the node; what was there before is untouched";
        }
        return message;
    }

    private static String reason(FileSystemException e) {
        return e.getReason() != null ? e.getReason() : e.getClass().getSimpleName();
    }
}
