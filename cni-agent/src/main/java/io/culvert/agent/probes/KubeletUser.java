package io.culvert.agent.probes;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * As whom the kubelet runs [istio cni/pkg/nftables/kubeletuid_linux.go]: the first process called {@code kubelet} or
 * {@code kubelite}, one of whose arguments says so as well, or called {@code k3s}.
 */
public final class KubeletUser {
    private static final int COMMAND_BYTES_MAX = 64 * 1024;

    private KubeletUser() {}

    /** Empty where no such process is to be seen. */
    public static OptionalInt find(Path proc) throws IOException {
        List<Path> processes;
        try (Stream<Path> entries = Files.list(proc)) {
            processes = entries.filter(
                            entry -> entry.getFileName().toString().chars().allMatch(Character::isDigit))
                    .toList();
        }
        for (Path process : processes) {
            try {
                if (isKubelet(process)) {
                    return OptionalInt.of(uid(process));
                }
            } catch (IOException gone) {
                // It ended while we looked.
            }
        }
        return OptionalInt.empty();
    }

    private static boolean isKubelet(Path process) throws IOException {
        String name = Files.readString(process.resolve("comm"), StandardCharsets.ISO_8859_1)
                .strip();
        return switch (name) {
            case "k3s" -> true;
            case "kubelet", "kubelite" ->
                arguments(process)
                        .anyMatch(argument -> argument.toLowerCase(Locale.ROOT).contains("kubelet"));
            default -> false;
        };
    }

    private static Stream<String> arguments(Path process) throws IOException {
        byte[] command;
        try (var in = Files.newInputStream(process.resolve("cmdline"))) {
            command = in.readNBytes(COMMAND_BYTES_MAX);
        }
        return Stream.of(new String(command, StandardCharsets.ISO_8859_1).split("\0", -1));
    }

    /** The real one: the first of four. */
    private static int uid(Path process) throws IOException {
        Optional<String> line = Files.readAllLines(process.resolve("status"), StandardCharsets.ISO_8859_1).stream()
                .filter(one -> one.startsWith("Uid:"))
                .findFirst();
        try {
            return Integer.parseUnsignedInt(line.orElse("").split("\\s+", -1)[1]);
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw new IOException(process + "/status names no uid", e);
        }
    }
}
