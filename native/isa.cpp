// The table of one ISA.
#include "block.h"

namespace tt::TT_ISA {

void pointwise(const Launch& k);
bool reduce(const Launch& k);

#define X(name) void name(Call&);
#include "routines.def"
#undef X

static const RoutineFn routines[] = {
#define X(name) name,
#include "routines.def"
#undef X
    nullptr};

#define TT_STRING(x) #x
#define TT_NAME(x) TT_STRING(x)
extern const Isa isa;
const Isa isa = {TT_NAME(TT_ISA), step, pointwise, reduce, routines};

}  // namespace tt::TT_ISA
