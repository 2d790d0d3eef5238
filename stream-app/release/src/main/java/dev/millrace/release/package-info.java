/** Makes the release: archives, their Java runtime, their bill of materials, their checksums. */
@NullMarked
package dev.millrace.release;

import org.jspecify.annotations.NullMarked;
