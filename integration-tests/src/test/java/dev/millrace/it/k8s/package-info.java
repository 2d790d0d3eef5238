@NullUnmarked
package dev.millrace.it.k8s;

import org.jspecify.annotations.NullUnmarked;
