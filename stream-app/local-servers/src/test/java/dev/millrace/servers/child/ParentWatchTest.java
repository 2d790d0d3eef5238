package dev.millrace.servers.child;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ParentWatchTest {

  private final CountDownLatch gone = new CountDownLatch(1);

  @Test
  void shouldActWhenTheParentIsGoneAndNotBefore() throws Exception {
    PipedOutputStream parent = new PipedOutputStream();
    ParentWatch.start(new PipedInputStream(parent), gone::countDown);
    parent.write(new byte[1000]);
    parent.flush();

    assertThat(gone.await(100, TimeUnit.MILLISECONDS)).isFalse();
    parent.close();

    assertThat(gone.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void shouldTakeABrokenPipeForTheEnd() throws InterruptedException {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("broken pipe");
          }

          @Override
          public int read(byte[] bytes, int offset, int length) throws IOException {
            throw new IOException("broken pipe");
          }
        };

    ParentWatch.start(broken, gone::countDown);

    assertThat(gone.await(10, TimeUnit.SECONDS)).isTrue();
  }
}
