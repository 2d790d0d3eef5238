// Streams, events and graphs. A stream is a FIFO with a thread of its own; with MILLRACE_EMULATOR_STREAMS=delayed it has
// none, and its work happens as late as the program allows: when a call waits for it. What a program forgot to wait for
// is then not there.
#pragma once
#include <stdint.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "errors.h"

struct Stream;
struct Capture;

// A point in a stream: the state after its first `count` tasks.
struct Ticket {
  std::shared_ptr<Stream> stream;
  uint64_t count = 0;
};

struct Task {
  std::string name;  // a kernel's name, or "copy", "fill", "event", "host"
  std::function<void()> run;
  std::vector<Ticket> after;
  // Host memory the task will read.
  uint64_t host_source = 0;
  size_t host_bytes = 0;
};

struct Stream {
  bool blocking = true;  // waits for the default stream and is waited for by it
  bool destroyed = false;
  std::deque<Task> queue;
  uint64_t issued = 0, completed = 0;
  std::shared_ptr<Capture> capture;
};

struct Event {
  bool timing = true;
  Ticket at;
  std::shared_ptr<Capture> capture;
  std::shared_ptr<std::chrono::steady_clock::time_point> time;
};

struct Graph {
  std::vector<Task> tasks;
};

struct Capture {
  Graph graph;
  std::shared_ptr<Stream> origin;
  bool invalid = false;
  int mode = 0;  // 0: other calls of any thread that could disturb a capture are refused
};

namespace streams {

bool delayed();
// The default stream for handles 0, 1 and 2; null if the handle is no stream.
std::shared_ptr<Stream> get(void* handle);
void* create(bool blocking);
CudaError destroy(void* handle);

// Appends a task, or records it if the stream is captured.
CudaError push(void* handle, Task task);
// Waits until everything issued before the call is done.
CudaError synchronize(void* handle);
CudaError synchronize_all();
CudaError query(void* handle);

CudaError record(Event& event, void* handle);
CudaError wait(void* handle, const Event& event);
CudaError synchronize(const Event& event);
CudaError query(const Event& event);

CudaError begin_capture(void* handle, int mode);
CudaError end_capture(void* handle, Graph** out);
bool is_capturing(void* handle);
// An error if a capture is under way that such a call would break.
CudaError refuse_during_capture(const char* call);

// True if a task not yet done will read any of the bytes.
bool will_read_host(uint64_t address, size_t bytes);

}  // namespace streams
