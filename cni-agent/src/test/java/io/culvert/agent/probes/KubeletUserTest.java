package io.culvert.agent.probes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class KubeletUserTest {
    @TempDir
    private Path proc;

    @ParameterizedTest
    @CsvSource({
        "kubelet, /usr/bin/kubelet, 0",
        "kubelet, /opt/Kubelet, 64000",
        "kubelite, /snap/kubelite --kubelet-args-file=x, 7",
        "k3s, server, 3"
    })
    void findsTheKubeletByItsNameAndArguments(String name, String arguments, int uid) throws IOException {
        process(17, "bash", "vi kubelet.conf", 1000);
        process(18, "kubelet", "sleep", 1001);
        process(19, name, arguments, uid);
        assertThat(KubeletUser.find(proc)).hasValue(uid);
    }

    @Test
    void findsNobodyWhereThereIsNone() throws IOException {
        process(17, "k3s-agent", "k3s", 0);
        process(18, "my-kubelet", "kubelet", 0);
        Files.createDirectories(proc.resolve("19"));
        Files.createDirectories(proc.resolve("sys"));
        assertThat(KubeletUser.find(proc)).isEmpty();
    }

    private void process(int pid, String name, String arguments, int uid) throws IOException {
        Path process = Files.createDirectories(proc.resolve(Integer.toString(pid)));
        Files.writeString(process.resolve("comm"), name + "\n");
        Files.writeString(process.resolve("cmdline"), arguments.replace(' ', '\0') + "\0");
        Files.writeString(
                process.resolve("status"), "Name:\t" + name + "\nUid:\t" + uid + "\t0\t0\t0\nGid:\t1\t1\t1\t1\n");
    }
}
