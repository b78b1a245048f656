package io.culvert.e2e.rules;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.EvaluationResult;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The product keeps the arrows; and each arrow is broken by a pair of classes that go against it. */
final class ArrowsTest {

    @TempDir
    Path classes;

    @Test
    void theProductKeepsTheArrows() {
        JavaClasses ours = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.culvert");

        assertThat(ours).isNotEmpty();
        assertThat(complaints(ours)).isEmpty();
    }

    @ParameterizedTest(name = "{0} must not use {1}")
    @CsvSource({
        "proto, linux",
        "linux, proto",
        "xds, proxy",
        "xds, testkit",
        "proxy.inpod, agent",
        "proxy.inpod, testkit.mesh",
        "agent, proxy",
        "agent, xds.mesh",
        "agent, testkit",
        "testkit.mesh, proxy",
        "testkit.mesh, agent",
        "testkit, xds",
        "testkit, perf",
        "perf, agent",
        "perf, proxy.hbone",
        "perf.load, xds.mesh",
        "proxy.outbound, proxy.inbound",
        "proxy.inbound, proxy.outbound",
        "proxy.relay, proxy.rbac",
        "proxy.hbone, proxy.routing",
        "proxy.tls, xds.mesh",
        "proxy.rbac, linux",
        "proxy.routing, linux"
    })
    void refusesAnArrowThatPointsTheWrongWay(String from, String to) throws IOException {
        compile(Map.of(
                "io.culvert." + to + ".Used",
                "public final class Used {}",
                "io.culvert." + from + ".User",
                "final class User { io.culvert." + to + ".Used used; }"));

        assertThat(complaints(imported())).isNotEmpty();
    }

    @ParameterizedTest(name = "{0} may use {1}")
    @CsvSource({
        "xds, proto",
        "proxy, xds.mesh",
        "proxy.inpod, linux",
        "agent, linux",
        "testkit, proto",
        "perf, testkit.mesh",
        "perf.micro, proxy.hbone",
        "perf.micro, xds.mesh",
        "proxy.outbound, proxy.routing",
        "proxy.outbound, proxy.hbone",
        "proxy.tls, xds.identity"
    })
    void allowsAnArrowThatPointsDown(String from, String to) throws IOException {
        compile(Map.of(
                "io.culvert." + to + ".Used",
                "public final class Used {}",
                "io.culvert." + from + ".User",
                "final class User { io.culvert." + to + ".Used used; }"));

        assertThat(complaints(imported())).isEmpty();
    }

    @Test
    void refusesAPackageThatKnowsTheWiring() throws IOException {
        compile(Map.of(
                "io.culvert.proxy.Main", "public final class Main {}",
                "io.culvert.proxy.admin.Server", "final class Server { io.culvert.proxy.Main main; }"));

        assertThat(complaints(imported())).isNotEmpty();
    }

    @Test
    void refusesACircleOfPackages() throws IOException {
        compile(Map.of(
                "io.culvert.linux.a.A", "public final class A { io.culvert.linux.b.B b; }",
                "io.culvert.linux.b.B", "public final class B { io.culvert.linux.a.A a; }"));

        assertThat(complaints(imported())).isNotEmpty();
    }

    private static List<String> complaints(JavaClasses classes) {
        List<String> complaints = new ArrayList<>();
        for (ArchRule rule : Arrows.all()) {
            EvaluationResult result = rule.evaluate(classes);
            complaints.addAll(result.getFailureReport().getDetails());
        }
        return complaints;
    }

    private JavaClasses imported() {
        return new ClassFileImporter().importPath(classes);
    }

    private void compile(Map<String, String> bodies) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<JavaFileObject> sources = new ArrayList<>();
        bodies.forEach((name, body) -> {
            int dot = name.lastIndexOf('.');
            sources.add(source(name, "package " + name.substring(0, dot) + ";\n" + body));
        });
        List<String> options = List.of("-d", classes.toString(), "-proc:none");
        assertThat(compiler.getTask(null, null, null, options, null, sources).call())
                .isTrue();
    }

    private static JavaFileObject source(String name, String text) {
        URI uri = URI.create("string:///" + name.replace('.', '/') + ".java");
        return new SimpleJavaFileObject(uri, JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return text;
            }
        };
    }
}
