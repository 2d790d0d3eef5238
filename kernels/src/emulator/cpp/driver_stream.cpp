// Driver API: streams, events, graphs.
#include <algorithm>
#include <chrono>

#include "driver.h"
#include "streams.h"

namespace {
constexpr unsigned STREAM_NON_BLOCKING = 1, EVENT_DISABLE_TIMING = 2;
constexpr int GRAPH_EXEC_UPDATE_FAILURE = 910;
constexpr int NODE_KERNEL = 0, NODE_COPY = 1, NODE_FILL = 2, NODE_HOST = 3, NODE_EVENT = 7;
}  // namespace

MR_API cuStreamCreate(void** out, unsigned flags) {
  MR_ENTER();
  *out = streams::create(!(flags & STREAM_NON_BLOCKING));
  return CUDA_SUCCESS;
}
MR_API cuStreamCreateWithPriority(void** out, unsigned flags, int) { return cuStreamCreate(out, flags); }
MR_API cuStreamDestroy_v2(void* stream) {
  MR_ENTER();
  return streams::destroy(stream);
}
MR_API cuStreamSynchronize(void* stream) {
  MR_ENTER();
  return streams::synchronize(stream);
}
MR_API cuStreamQuery(void* stream) {
  MR_ENTER();
  return streams::query(stream);
}
MR_API cuStreamWaitEvent(void* stream, void* event, unsigned) {
  MR_ENTER();
  if (!event) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such event");
  return streams::wait(stream, *static_cast<Event*>(event));
}
MR_API cuStreamGetPriority(void*, int* priority) {
  *priority = 0;
  return CUDA_SUCCESS;
}
MR_API cuStreamGetFlags(void* stream, unsigned* flags) {
  MR_ENTER();
  auto it = streams::get(stream);
  if (!it) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such stream");
  *flags = it->blocking ? 0 : STREAM_NON_BLOCKING;
  return CUDA_SUCCESS;
}
MR_API cuLaunchHostFunc(void* stream, void (*function)(void*), void* data) {
  MR_ENTER();
  return streams::push(stream, Task{"host", [=] { function(data); }, {}, 0, 0});
}

MR_API cuEventCreate(void** out, unsigned flags) {
  MR_ENTER();
  auto* event = new Event;
  event->timing = !(flags & EVENT_DISABLE_TIMING);
  *out = event;
  return CUDA_SUCCESS;
}
MR_API cuEventDestroy_v2(void* event) {
  delete static_cast<Event*>(event);
  return CUDA_SUCCESS;
}
MR_API cuEventRecord(void* event, void* stream) {
  MR_ENTER();
  if (!event) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such event");
  return streams::record(*static_cast<Event*>(event), stream);
}
MR_API cuEventSynchronize(void* event) {
  MR_ENTER();
  if (!event) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such event");
  return streams::synchronize(*static_cast<Event*>(event));
}
MR_API cuEventQuery(void* event) {
  MR_ENTER();
  if (!event) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such event");
  return streams::query(*static_cast<Event*>(event));
}
MR_API cuEventElapsedTime(float* milliseconds, void* from, void* to) {
  MR_ENTER();
  const auto* a = static_cast<Event*>(from);
  const auto* b = static_cast<Event*>(to);
  if (!a || !b || !a->timing || !b->timing || !a->time || !b->time) {
    return refuse(CUDA_ERROR_INVALID_HANDLE, "an event without a time: never recorded, or created without timing");
  }
  for (const Event* event : {a, b}) {
    if (CudaError error = streams::query(*event)) return error;
  }
  *milliseconds = std::chrono::duration<float, std::milli>(*b->time - *a->time).count();
  return CUDA_SUCCESS;
}

MR_API cuStreamBeginCapture_v2(void* stream, int mode) {
  MR_ENTER();
  return streams::begin_capture(stream, mode);
}
MR_API cuStreamEndCapture(void* stream, void** graph) {
  MR_ENTER();
  return streams::end_capture(stream, reinterpret_cast<Graph**>(graph));
}
MR_API cuStreamIsCapturing(void* stream, int* status) {
  MR_ENTER();
  *status = streams::is_capturing(stream);
  return CUDA_SUCCESS;
}
MR_API cuThreadExchangeStreamCaptureMode(int* mode) {
  *mode = 0;
  return CUDA_SUCCESS;
}
MR_API cuGraphCreate(void** out, unsigned) {
  MR_ENTER();
  *out = new Graph;
  return CUDA_SUCCESS;
}
MR_API cuGraphGetNodes(void* graph, void** nodes, size_t* count) {
  MR_ENTER();
  auto& tasks = static_cast<Graph*>(graph)->tasks;
  if (nodes) {
    for (size_t i = 0; i < std::min(*count, tasks.size()); i++) nodes[i] = &tasks[i];
  }
  *count = tasks.size();
  return CUDA_SUCCESS;
}
MR_API cuGraphNodeGetType(void* node, int* type) {
  const std::string& name = static_cast<Task*>(node)->name;
  *type = name == "copy" ? NODE_COPY : name == "fill" ? NODE_FILL : name == "host" ? NODE_HOST : name == "event" ? NODE_EVENT : NODE_KERNEL;
  return CUDA_SUCCESS;
}
MR_API cuGraphInstantiateWithFlags(void** out, void* graph, unsigned long long) {
  MR_ENTER();
  if (!graph) return refuse(CUDA_ERROR_INVALID_VALUE, "no graph");
  *out = new Graph(*static_cast<Graph*>(graph));
  return CUDA_SUCCESS;
}
MR_API cuGraphInstantiate_v2(void** out, void* graph, void**, char*, size_t) {
  return cuGraphInstantiateWithFlags(out, graph, 0);
}
// The new graph must have the same nodes; what they do may differ. The result record is left as it is.
MR_API cuGraphExecUpdate_v2(void* executable, void* graph, void*) {
  MR_ENTER();
  auto& old = static_cast<Graph*>(executable)->tasks;
  auto& now = static_cast<Graph*>(graph)->tasks;
  const bool same = old.size() == now.size() &&
                    std::equal(old.begin(), old.end(), now.begin(), [](auto& a, auto& b) { return a.name == b.name; });
  if (!same) return refuse(static_cast<CudaError>(GRAPH_EXEC_UPDATE_FAILURE), "the graphs' nodes differ");
  streams::synchronize_all();
  old = now;
  return CUDA_SUCCESS;
}
MR_API cuGraphLaunch(void* executable, void* stream) {
  MR_ENTER();
  if (!executable) return refuse(CUDA_ERROR_INVALID_VALUE, "no graph");
  // A copy: the program may destroy or update the graph while it runs.
  auto tasks = std::make_shared<std::vector<Task>>(static_cast<Graph*>(executable)->tasks);
  return streams::push(stream, Task{"graph", [tasks] { for (Task& task : *tasks) task.run(); }, {}, 0, 0});
}
MR_API cuGraphUpload(void*, void*) { return entered(); }
MR_API cuGraphExecDestroy(void* executable) {
  delete static_cast<Graph*>(executable);
  return CUDA_SUCCESS;
}
MR_API cuGraphDestroy(void* graph) {
  delete static_cast<Graph*>(graph);
  return CUDA_SUCCESS;
}
