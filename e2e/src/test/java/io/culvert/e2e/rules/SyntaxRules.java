package io.culvert.e2e.rules;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MemberReferenceTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** Rules over the syntax tree that javac's own parser gives: lengths of methods, calls that must not be written. */
final class SyntaxRules {

    static final int METHOD_LINES_MAX = 70;

    private static final String INJECT_TIME = "take a Clock, InstantSource or ticker in the constructor";

    /** Calls and constructors that hide an input, with what to write instead. */
    private static final Map<String, String> BANNED = Map.of(
            "System.nanoTime", INJECT_TIME,
            "System.currentTimeMillis", INJECT_TIME,
            "Instant.now", INJECT_TIME,
            "Thread.sleep", "await a condition, or advance the clock",
            "TimeUnit.SECONDS.sleep", "await a condition, or advance the clock",
            "TimeUnit.MILLISECONDS.sleep", "await a condition, or advance the clock",
            "new Random", "take a RandomGenerator in the constructor, seeded by the test",
            "ThreadLocalRandom.current", "take a RandomGenerator in the constructor",
            "Math.random", "take a RandomGenerator in the constructor");

    private SyntaxRules() {}

    static List<TidyRule> all() {
        return List.of(SyntaxRules::inspect);
    }

    /** One task for the whole tree: making one costs more than parsing a file. */
    private static Stream<Finding> inspect(List<SourceFile> tree) {
        Map<URI, SourceFile> files = new HashMap<>();
        tree.stream().filter(SourceFile::isJava).forEach(file -> files.put(uri(file), file));
        List<InMemory> sources = files.values().stream().map(InMemory::new).toList();
        if (sources.isEmpty()) {
            return Stream.empty();
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        JavacTask task =
                (JavacTask) compiler.getTask(null, null, diagnostic -> {}, List.of("-proc:none"), null, sources);
        SourcePositions positions = Trees.instance(task).getSourcePositions();
        List<Finding> findings = new ArrayList<>();
        try {
            for (CompilationUnitTree unit : task.parse()) {
                SourceFile file =
                        Objects.requireNonNull(files.get(unit.getSourceFile().toUri()));
                new Inspector(file, unit, positions, findings).scan(unit, null);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return findings.stream();
    }

    private static URI uri(SourceFile file) {
        return URI.create("string:///" + file.path());
    }

    /** Source text as the compiler wants it. */
    private static final class InMemory extends SimpleJavaFileObject {
        private final SourceFile file;

        InMemory(SourceFile file) {
            super(uri(file), JavaFileObject.Kind.SOURCE);
            this.file = file;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return file.text();
        }
    }

    private static final class Inspector extends TreeScanner<@Nullable Void, @Nullable Void> {
        private final SourceFile file;
        private final CompilationUnitTree unit;
        private final SourcePositions positions;
        private final LineMap lines;
        private final List<Finding> findings;

        Inspector(SourceFile file, CompilationUnitTree unit, SourcePositions positions, List<Finding> findings) {
            this.file = file;
            this.unit = unit;
            this.positions = positions;
            this.lines = unit.getLineMap();
            this.findings = findings;
        }

        @Override
        public @Nullable Void visitMethod(MethodTree method, @Nullable Void none) {
            // An implicit constructor of a record has no end.
            if (positions.getEndPosition(unit, method) >= 0) {
                int length = (int) (lines.getLineNumber(positions.getEndPosition(unit, method)) - lineOf(method) + 1);
                if (length > METHOD_LINES_MAX) {
                    String message = method.getName() + " has " + length + " lines, at most " + METHOD_LINES_MAX;
                    findings.add(new Finding("method-length", file.path(), lineOf(method), length, message));
                }
            }
            return super.visitMethod(method, null);
        }

        @Override
        public @Nullable Void visitMethodInvocation(MethodInvocationTree call, @Nullable Void none) {
            // Instant.now(clock) is the right way; only the form without an argument reads the machine's clock.
            ExpressionTree method = call.getMethodSelect();
            if (!method.toString().endsWith("Instant.now")
                    || call.getArguments().isEmpty()) {
                ban(method.toString(), call);
            }
            return super.visitMethodInvocation(call, null);
        }

        @Override
        public @Nullable Void visitMemberReference(MemberReferenceTree reference, @Nullable Void none) {
            ban(reference.getQualifierExpression() + "." + reference.getName(), reference);
            return super.visitMemberReference(reference, null);
        }

        @Override
        public @Nullable Void visitNewClass(NewClassTree creation, @Nullable Void none) {
            // A seeded one is reproducible, and that is the point.
            if (creation.getArguments().isEmpty()) {
                ban("new " + creation.getIdentifier(), creation);
            }
            return super.visitNewClass(creation, null);
        }

        private void ban(String called, Tree where) {
            String plain = called.replace("java.util.concurrent.", "")
                    .replace("java.lang.", "")
                    .replace("java.util.", "")
                    .replace("java.time.", "");
            String remedy = BANNED.get(plain);
            // A test is the wiring of what it tests: it may pass the real clock in, but it may not sleep or be random.
            boolean wired = INJECT_TIME.equals(remedy) && file.path().contains("/src/test/");
            if (remedy != null && !wired) {
                findings.add(new Finding("banned-call", file.path(), lineOf(where), 1, plain + ": " + remedy));
            }
        }

        private int lineOf(Tree tree) {
            return (int) lines.getLineNumber(positions.getStartPosition(unit, tree));
        }
    }
}
