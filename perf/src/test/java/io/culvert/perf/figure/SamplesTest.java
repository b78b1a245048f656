package io.culvert.perf.figure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class SamplesTest {

    @Test
    void medianIsTheMiddleOfAnOddCountAndTheMeanOfTheMiddleTwoOfAnEvenOne() {
        assertThat(new Samples(9, 1, 5).median()).isEqualTo(5);
        assertThat(new Samples(9, 1, 5, 6).median()).isCloseTo(5.5, within(1e-9));
    }

    @Test
    void tellsMedianAndSpread() {
        assertThat(new Samples(3.111, 2.0, 2.5).text(1)).isEqualTo("2.5 (2.0-3.1)");
        assertThat(new Samples(2.0).text(2)).isEqualTo("2.00");
    }

    @Test
    void showsADashWhereNothingWasMeasured() {
        assertThat(new Samples().text(2)).isEqualTo("-");
        assertThat(new Samples().ratioTo(new Samples(1))).isEqualTo("-");
        assertThat(new Samples(1).ratioTo(new Samples())).isEqualTo("-");
    }

    @Test
    void relatesMedians() {
        assertThat(new Samples(3).ratioTo(new Samples(1, 2, 9))).isEqualTo("1.50");
    }
}
