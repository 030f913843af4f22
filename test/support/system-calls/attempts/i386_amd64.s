#include "textflag.h"

// func callAsI386(trap uint64) uint64
TEXT ·callAsI386(SB), NOSPLIT, $0-16
	MOVQ trap+0(FP), AX
	INT  $0x80
	MOVQ AX, result+8(FP)
	RET
