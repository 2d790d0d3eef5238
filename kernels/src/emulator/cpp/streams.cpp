#include "streams.h"

#include <stdlib.h>
#include <string.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace streams {
namespace {

struct State {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<void*, std::shared_ptr<Stream>> streams;
  std::shared_ptr<Stream> default_stream;
  std::vector<std::weak_ptr<Capture>> captures;
  // Delayed mode: whoever waits does the work, one at a time.
  std::recursive_mutex working;
};

void serve(std::shared_ptr<Stream> stream);

State& state() {
  static State* it = [] {
    auto* s = new State;  // leaked, see errors.cpp
    s->default_stream = std::make_shared<Stream>();
    if (!delayed()) std::thread(serve, s->default_stream).detach();
    return s;
  }();
  return *it;
}

bool reached(const Ticket& ticket) { return ticket.stream->completed >= ticket.count; }

bool ready(const Task& task) {
  for (const Ticket& ticket : task.after) {
    if (!reached(ticket)) return false;
  }
  return true;
}

// The thread of a stream.
void serve(std::shared_ptr<Stream> stream) {
  State& s = state();
  std::unique_lock<std::mutex> lock(s.mutex);
  for (;;) {
    s.changed.wait(lock, [&] {
      return stream->queue.empty() ? stream->destroyed : ready(stream->queue.front());
    });
    if (stream->queue.empty()) return;
    Task& task = stream->queue.front();
    lock.unlock();
    task.run();
    lock.lock();
    stream->queue.pop_front();
    stream->completed++;
    s.changed.notify_all();
  }
}

// Delayed mode: does the stream's work up to the ticket on the calling thread.
void work(const Ticket& ticket) {
  State& s = state();
  while (!reached(ticket)) {
    Task task = ticket.stream->queue.front();
    for (const Ticket& before : task.after) work(before);
    task.run();
    std::lock_guard<std::mutex> lock(s.mutex);
    ticket.stream->queue.pop_front();
    ticket.stream->completed++;
  }
}

void reach(const Ticket& ticket) {
  if (!ticket.stream) return;
  State& s = state();
  if (delayed()) {
    std::lock_guard<std::recursive_mutex> lock(s.working);
    work(ticket);
    return;
  }
  std::unique_lock<std::mutex> lock(s.mutex);
  s.changed.wait(lock, [&] { return reached(ticket); });
}

// Whether a ticket is reached; in delayed mode asking lets one task happen, else polling would never end.
CudaError ask(const Ticket& ticket) {
  if (!ticket.stream) return sticky_error();
  State& s = state();
  {
    std::lock_guard<std::mutex> lock(s.mutex);
    if (reached(ticket)) return sticky_error();
  }
  if (delayed()) {
    std::lock_guard<std::recursive_mutex> lock(s.working);
    if (!reached(ticket)) work(Ticket{ticket.stream, ticket.stream->completed + 1});
  }
  return CUDA_ERROR_NOT_READY;
}

bool capturing(State& s) {
  for (const auto& each : s.captures) {
    if (auto capture = each.lock(); capture && capture->origin) return true;
  }
  return false;
}

}  // namespace

bool delayed() {
  static const bool it = [] {
    const char* mode = getenv("MILLRACE_EMULATOR_STREAMS");
    return mode && !strcmp(mode, "delayed");
  }();
  return it;
}

std::shared_ptr<Stream> get(void* handle) {
  State& s = state();
  if (reinterpret_cast<uintptr_t>(handle) <= 2) return s.default_stream;
  std::lock_guard<std::mutex> lock(s.mutex);
  auto it = s.streams.find(handle);
  return it == s.streams.end() ? nullptr : it->second;
}

void* create(bool blocking) {
  State& s = state();
  auto stream = std::make_shared<Stream>();
  stream->blocking = blocking;
  void* handle = stream.get();
  {
    std::lock_guard<std::mutex> lock(s.mutex);
    s.streams[handle] = stream;
  }
  if (!delayed()) std::thread(serve, stream).detach();
  return handle;
}

CudaError destroy(void* handle) {
  auto stream = get(handle);
  State& s = state();
  if (!stream || stream == s.default_stream) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such stream");
  if (delayed()) reach(Ticket{stream, stream->issued});
  std::lock_guard<std::mutex> lock(s.mutex);
  stream->destroyed = true;  // its work is still done
  s.streams.erase(handle);
  s.changed.notify_all();
  return CUDA_SUCCESS;
}

CudaError push(void* handle, Task task) {
  auto stream = get(handle);
  if (!stream) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such stream");
  if (CudaError error = sticky_error()) return error;
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  if (stream->capture) {
    stream->capture->graph.tasks.push_back(std::move(task));
    return CUDA_SUCCESS;
  }
  if (stream == s.default_stream) {
    if (capturing(s)) {
      return refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "work on the default stream while a stream is captured");
    }
    for (auto& [key, other] : s.streams) {
      if (other->blocking && other->issued > other->completed) task.after.push_back(Ticket{other, other->issued});
    }
  } else if (stream->blocking && s.default_stream->issued > s.default_stream->completed) {
    task.after.push_back(Ticket{s.default_stream, s.default_stream->issued});
  }
  stream->queue.push_back(std::move(task));
  stream->issued++;
  s.changed.notify_all();
  return CUDA_SUCCESS;
}

CudaError synchronize(void* handle) {
  auto stream = get(handle);
  if (!stream) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such stream");
  if (stream->capture) {
    stream->capture->invalid = true;
    return refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "a stream cannot be waited for while it is captured");
  }
  State& s = state();
  std::vector<Ticket> tickets;
  {
    std::lock_guard<std::mutex> lock(s.mutex);
    tickets.push_back(Ticket{stream, stream->issued});
    if (stream == s.default_stream) {
      for (auto& [key, other] : s.streams) {
        if (other->blocking) tickets.push_back(Ticket{other, other->issued});
      }
    }
  }
  for (const Ticket& ticket : tickets) reach(ticket);
  return sticky_error();
}

CudaError synchronize_all() {
  State& s = state();
  std::vector<Ticket> tickets;
  {
    std::lock_guard<std::mutex> lock(s.mutex);
    tickets.push_back(Ticket{s.default_stream, s.default_stream->issued});
    for (auto& [key, stream] : s.streams) tickets.push_back(Ticket{stream, stream->issued});
  }
  for (const Ticket& ticket : tickets) reach(ticket);
  return sticky_error();
}

CudaError query(void* handle) {
  auto stream = get(handle);
  if (!stream) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such stream");
  return ask(Ticket{stream, stream->issued});
}

CudaError record(Event& event, void* handle) {
  auto stream = get(handle);
  if (!stream) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such stream");
  auto time = std::make_shared<std::chrono::steady_clock::time_point>();
  const auto capture = stream->capture;
  const CudaError error = push(handle, Task{"event", [time] { *time = std::chrono::steady_clock::now(); }, {}, 0, 0});
  if (error) return error;
  event.time = time;
  event.capture = capture;
  event.at = capture ? Ticket{} : Ticket{stream, stream->issued};
  return CUDA_SUCCESS;
}

CudaError wait(void* handle, const Event& event) {
  auto stream = get(handle);
  if (!stream) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such stream");
  if (event.capture) {
    // The other stream joins the capture. Its work is appended to the one list, in the order of the calls: one of the
    // orders the graph allows.
    if (!event.capture->origin) return refuse(CUDA_ERROR_INVALID_VALUE, "the event's capture has ended");
    stream->capture = event.capture;
    return CUDA_SUCCESS;
  }
  if (!event.at.stream) return sticky_error();
  Task task{"event", [] {}, {}, 0, 0};
  task.after.push_back(event.at);
  return push(handle, std::move(task));
}

CudaError synchronize(const Event& event) {
  if (event.capture) return refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the event was recorded in a capture");
  reach(event.at);
  return sticky_error();
}

CudaError query(const Event& event) {
  if (event.capture) return refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the event was recorded in a capture");
  return ask(event.at);
}

CudaError begin_capture(void* handle, int mode) {
  auto stream = get(handle);
  State& s = state();
  if (!stream) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such stream");
  if (stream == s.default_stream) {
    return refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the default stream cannot be captured");
  }
  if (stream->capture) return refuse(CUDA_ERROR_INVALID_VALUE, "the stream is captured already");
  auto capture = std::make_shared<Capture>();
  capture->origin = stream;
  capture->mode = mode;
  std::lock_guard<std::mutex> lock(s.mutex);
  stream->capture = capture;
  s.captures.push_back(capture);
  return CUDA_SUCCESS;
}

CudaError end_capture(void* handle, Graph** out) {
  *out = nullptr;
  auto stream = get(handle);
  if (!stream) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such stream");
  auto capture = stream->capture;
  if (!capture || capture->origin != stream) {
    return refuse(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "no capture began on this stream");
  }
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  capture->origin = nullptr;
  for (auto& [key, each] : s.streams) {
    if (each->capture == capture) each->capture = nullptr;
  }
  if (capture->invalid) return refuse(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "a call during the capture broke it");
  *out = new Graph(capture->graph);
  return CUDA_SUCCESS;
}

bool is_capturing(void* handle) {
  auto stream = get(handle);
  return stream && stream->capture;
}

CudaError refuse_during_capture(const char* call) {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  for (const auto& each : s.captures) {
    auto capture = each.lock();
    if (!capture || !capture->origin || capture->mode == 2) continue;  // 2: relaxed
    capture->invalid = true;
    return refuse(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, std::string(call) + " while a stream is captured");
  }
  return CUDA_SUCCESS;
}

bool will_read_host(uint64_t address, size_t bytes) {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  const auto reads = [&](const Stream& stream) {
    for (const Task& task : stream.queue) {
      if (task.host_bytes && task.host_source < address + bytes && address < task.host_source + task.host_bytes) {
        return true;
      }
    }
    return false;
  };
  for (auto& [key, stream] : s.streams) {
    if (reads(*stream)) return true;
  }
  return reads(*s.default_stream);
}

}  // namespace streams
