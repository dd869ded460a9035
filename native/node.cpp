// The Node addon: Node-API only. Calls go through the frame (core.cpp); what is here needs JavaScript values.
#define NAPI_VERSION 8
#include "internal.h"
#include <cstring>
#include <mutex>
#include <node_api.h>

namespace {

constexpr int FRAME_DOUBLES = 1 << 16;

// A block that a JavaScript object owns: found dead when its weak reference is empty.
struct Owned {
  napi_ref owner;
  void* data;
  int64_t bytes;
};

struct Env {
  double* frame;
  std::vector<Owned> owned;
  std::vector<uint32_t> vacant;
  napi_ref frame_ref;
};

thread_local Env* current;

napi_value call(napi_env, napi_callback_info) {
  tt_call();
  return nullptr;
}

uint32_t remember(Env& e, Owned block) {
  if (e.vacant.empty()) {
    e.owned.push_back(block);
    return (uint32_t)e.owned.size() - 1;
  }
  uint32_t slot = e.vacant.back();
  e.vacant.pop_back();
  e.owned[slot] = block;
  return slot;
}

// alloc(owner): f[1] bytes -> f[1] address or 0, f[2] how many of its bytes are new pages, f[3] the slot for `release`.
napi_value alloc(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value owner;
  napi_get_cb_info(env, info, &argc, &owner, nullptr, nullptr);
  Env& e = *current;
  double* f = e.frame;
  int64_t bytes = (int64_t)f[1];
  bool fresh = false;
  void* data = tt::pool_alloc(bytes, &fresh);
  f[1] = (double)(uintptr_t)data;
  if (!data) return nullptr;
  napi_ref ref;
  if (napi_create_reference(env, owner, 0, &ref) != napi_ok) {
    tt::pool_free(data, bytes);
    f[1] = 0;
    return nullptr;
  }
  f[2] = fresh ? (double)bytes : 0;
  f[3] = remember(e, {ref, data, bytes});
  return nullptr;
}

void forget(napi_env env, Env& e, uint32_t slot) {
  napi_delete_reference(env, e.owned[slot].owner);
  e.owned[slot].data = nullptr;
  e.vacant.push_back(slot);
}

void drop(napi_env env, Env& e, uint32_t slot) {
  tt::pool_free(e.owned[slot].data, e.owned[slot].bytes);
  forget(env, e, slot);
}

// release(): f[1] the slot.
napi_value release(napi_env env, napi_callback_info) {
  Env& e = *current;
  auto slot = (uint32_t)e.frame[1];
  if (slot < e.owned.size() && e.owned[slot].data) drop(env, e, slot);
  return nullptr;
}

// A block on its way to another thread, which nobody owns. What a thread sent and nobody took is freed when the thread ends.
struct Sent {
  double ticket;
  const Env* sender;
  void* data;
  int64_t bytes;
};

std::mutex sent_mutex;
std::vector<Sent> sent;
double tickets = 0;

// send(): f[1] the slot -> f[1] the ticket for `take`.
napi_value send(napi_env env, napi_callback_info) {
  Env& e = *current;
  auto slot = (uint32_t)e.frame[1];
  Owned& block = e.owned[slot];
  std::lock_guard<std::mutex> lock(sent_mutex);
  sent.push_back({++tickets, &e, block.data, block.bytes});
  forget(env, e, slot);
  e.frame[1] = tickets;
  return nullptr;
}

// The block of a ticket, which is gone from the list; without data where there is none.
Sent take_sent(double ticket) {
  std::lock_guard<std::mutex> lock(sent_mutex);
  for (Sent& s : sent) {
    if (s.ticket != ticket) continue;
    Sent found = s;
    s = sent.back();
    sent.pop_back();
    return found;
  }
  return {0, nullptr, nullptr, 0};
}

// take(owner): f[1] the ticket -> f[1] address or 0, f[3] the slot.
napi_value take(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value owner;
  napi_get_cb_info(env, info, &argc, &owner, nullptr, nullptr);
  Env& e = *current;
  Sent block = take_sent(e.frame[1]);
  e.frame[1] = 0;
  napi_ref ref;
  if (!block.data) return nullptr;
  if (napi_create_reference(env, owner, 0, &ref) != napi_ok) {
    tt::pool_free(block.data, block.bytes);
    return nullptr;
  }
  e.frame[1] = (double)(uintptr_t)block.data;
  e.frame[3] = remember(e, {ref, block.data, block.bytes});
  return nullptr;
}

void free_sent_by(const Env* e) {
  std::lock_guard<std::mutex> lock(sent_mutex);
  size_t kept = 0;
  for (const Sent& s : sent) {
    if (s.sender == e) tt::pool_free(s.data, s.bytes);
    else sent[kept++] = s;
  }
  sent.resize(kept);
}

// sweep(): frees the blocks whose owners were collected -> f[1] what the others weigh, a small block as much as the objects around it.
napi_value sweep(napi_env env, napi_callback_info) {
  Env& e = *current;
  constexpr int64_t OBJECTS = 256;
  int64_t weight = 0;
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  for (uint32_t slot = 0; slot < e.owned.size(); slot++) {
    if (!e.owned[slot].data) continue;
    napi_value owner = nullptr;
    napi_get_reference_value(env, e.owned[slot].owner, &owner);
    if (!owner) drop(env, e, slot);
    else weight += e.owned[slot].bytes > OBJECTS ? e.owned[slot].bytes : OBJECTS;
    if (slot % 4096 == 4095) {
      napi_close_handle_scope(env, scope);
      napi_open_handle_scope(env, &scope);
    }
  }
  napi_close_handle_scope(env, scope);
  e.frame[1] = (double)weight;
  return nullptr;
}

// The bytes of a typed array or DataView.
bool bytes_of(napi_env env, napi_value value, char** data, size_t* bytes) {
  bool is_typed = false, is_view = false;
  size_t length = 0;
  void* start = nullptr;
  napi_is_typedarray(env, value, &is_typed);
  if (is_typed) {
    napi_typedarray_type type;
    if (napi_get_typedarray_info(env, value, &type, &length, &start, nullptr, nullptr) != napi_ok) return false;
    constexpr int sizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
    length *= sizes[type];
  } else {
    napi_is_dataview(env, value, &is_view);
    if (!is_view || napi_get_dataview_info(env, value, &length, &start, nullptr, nullptr) != napi_ok) return false;
  }
  *data = static_cast<char*>(start);
  *bytes = length;
  return true;
}

// adopt(view): f[1] the address of its memory, which lives as long as the view.
napi_value adopt(napi_env env, napi_callback_info info) {
  size_t argc = 1, bytes = 0;
  napi_value view;
  char* data = nullptr;
  napi_get_cb_info(env, info, &argc, &view, nullptr, nullptr);
  current->frame[1] = bytes_of(env, view, &data, &bytes) ? (double)(uintptr_t)data : 0;
  return nullptr;
}

// detach(buffer): frees the memory of an ArrayBuffer, which is empty from then on.
napi_value detach(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value buffer;
  napi_get_cb_info(env, info, &argc, &buffer, nullptr, nullptr);
  napi_detach_arraybuffer(env, buffer);
  return nullptr;
}

napi_value copy(napi_env env, napi_callback_info info, bool into_view) {
  size_t argc = 1, bytes = 0;
  napi_value view;
  char* data = nullptr;
  napi_get_cb_info(env, info, &argc, &view, nullptr, nullptr);
  auto address = reinterpret_cast<void*>((uintptr_t)current->frame[1]);
  if (!bytes_of(env, view, &data, &bytes) || !bytes) return nullptr;
  if (into_view) memmove(data, address, bytes);
  else memmove(address, data, bytes);
  return nullptr;
}

// write(view): copies it to address f[1]; read(view): fills it from there.
napi_value write(napi_env env, napi_callback_info info) { return copy(env, info, false); }
napi_value read(napi_env env, napi_callback_info info) { return copy(env, info, true); }

// external(bytes): tells the collector of memory outside its heap.
napi_value external(napi_env env, napi_callback_info) {
  int64_t result;
  napi_adjust_external_memory(env, (int64_t)current->frame[1], &result);
  return nullptr;
}

void finalize(void* data) {
  auto e = static_cast<Env*>(data);
  for (Owned& block : e->owned) if (block.data) tt::pool_free(block.data, block.bytes);
  free_sent_by(e);
  if (current == e) current = nullptr;
  delete e;
}

void add(napi_env env, napi_value object, const char* name, napi_callback function) {
  napi_value value;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
  napi_set_named_property(env, object, name, value);
}

void add(napi_env env, napi_value object, const char* name, const char* text) {
  napi_value value;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, object, name, value);
}

napi_value init(napi_env env, napi_value exports) {
  auto e = new Env;
  current = e;
  napi_value buffer, frame;
  napi_create_arraybuffer(env, FRAME_DOUBLES * sizeof(double), (void**)&e->frame, &buffer);
  napi_create_typedarray(env, napi_float64_array, FRAME_DOUBLES, buffer, 0, &frame);
  napi_create_reference(env, buffer, 1, &e->frame_ref);
  napi_set_named_property(env, exports, "frame", frame);
  tt_set_frame(e->frame, FRAME_DOUBLES);
  napi_add_env_cleanup_hook(env, finalize, e);
  add(env, exports, "call", call);
  add(env, exports, "alloc", alloc);
  add(env, exports, "release", release);
  add(env, exports, "send", send);
  add(env, exports, "take", take);
  add(env, exports, "sweep", sweep);
  add(env, exports, "adopt", adopt);
  add(env, exports, "detach", detach);
  add(env, exports, "write", write);
  add(env, exports, "read", read);
  add(env, exports, "external", external);
  add(env, exports, "routines", tt_names(0));
  add(env, exports, "ops", tt_names(1));
  add(env, exports, "isa", tt_names(2));
#ifdef __SANITIZE_ADDRESS__
  add(env, exports, "sanitizer", "address");
#endif
  return exports;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) { return init(env, exports); }
extern "C" __attribute__((visibility("default"))) int32_t node_api_module_get_api_version_v1() { return NAPI_VERSION; }
