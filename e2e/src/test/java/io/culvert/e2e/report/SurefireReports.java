package io.culvert.e2e.report;

import io.culvert.e2e.report.Outcome.Verdict;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** Reads Surefire's XML reports, and its captured output for what only shows there. */
final class SurefireReports {

    /** What Netty's leak detector prints; a buffer that nobody released fails the run like any test. */
    private static final String LEAK = "LEAK:";

    private SurefireReports() {}

    /** The outcome of every test of every module under {@code root}. */
    static List<Outcome> readAll(Path root) throws IOException {
        Tiers tiers = Tiers.of(root);
        List<Outcome> outcomes = new ArrayList<>();
        for (Path directory : reportDirectories(root)) {
            String module = root.relativize(directory).getName(0).toString();
            for (Path file : list(directory)) {
                String name = file.getFileName().toString();
                if (name.startsWith("TEST-") && name.endsWith(".xml")) {
                    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
                        outcomes.addAll(read(reader, module, tiers));
                    } catch (XMLStreamException e) {
                        throw new IOException(file + ": " + e.getMessage(), e);
                    }
                } else if (name.endsWith("-output.txt")) {
                    leaks(file, module, tiers, outcomes);
                }
            }
        }
        return outcomes;
    }

    private static List<Path> reportDirectories(Path root) throws IOException {
        return list(root).stream()
                .map(module -> module.resolve("target/surefire-reports"))
                .filter(Files::isDirectory)
                .toList();
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        }
    }

    /** The test cases of one report. */
    static List<Outcome> read(Reader xml, String module, Tiers tiers) throws IOException, XMLStreamException {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        XMLStreamReader reader = factory.createXMLStreamReader(xml);
        List<Outcome> outcomes = new ArrayList<>();
        while (reader.hasNext()) {
            if (reader.next() == XMLStreamReader.START_ELEMENT
                    && reader.getLocalName().equals("testcase")) {
                outcomes.add(testCase(reader, module, tiers));
            }
        }
        return outcomes;
    }

    private static Outcome testCase(XMLStreamReader reader, String module, Tiers tiers)
            throws IOException, XMLStreamException {
        String className = attribute(reader, "classname");
        String method = attribute(reader, "name");
        Verdict verdict = Verdict.PASSED;
        String reason = "";
        for (int event = reader.next(); !isEndOf(reader, event, "testcase"); event = reader.next()) {
            if (event != XMLStreamReader.START_ELEMENT) {
                continue;
            }
            String kind = reader.getLocalName();
            if (kind.equals("skipped")) {
                verdict = Verdict.SKIPPED;
                reason = firstLine(attribute(reader, "message"));
            } else if (kind.equals("failure") || kind.equals("error")) {
                verdict = Verdict.FAILED;
                reason = firstLine(attribute(reader, "message"));
            }
        }
        return new Outcome(module, className, method, tiers.tierOf(className, method), verdict, reason);
    }

    private static void leaks(Path output, String module, Tiers tiers, List<Outcome> outcomes) throws IOException {
        try (Stream<String> lines = Files.lines(output, StandardCharsets.ISO_8859_1)) {
            if (lines.anyMatch(line -> line.contains(LEAK))) {
                String name = output.getFileName().toString();
                String className = name.substring(0, name.length() - "-output.txt".length());
                String reason = "a buffer was not released; see " + output;
                outcomes.add(new Outcome(module, className, "", tiers.tierOf(className, ""), Verdict.FAILED, reason));
            }
        }
    }

    private static boolean isEndOf(XMLStreamReader reader, int event, String element) {
        return event == XMLStreamReader.END_ELEMENT && reader.getLocalName().equals(element);
    }

    private static String attribute(XMLStreamReader reader, String name) {
        String value = reader.getAttributeValue("", name);
        return value == null ? "" : value;
    }

    private static String firstLine(String text) {
        return text.strip().lines().findFirst().orElse("");
    }
}
