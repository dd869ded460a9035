/** `torch.amp`: mixed precision. https://pytorch.org/docs/stable/amp.html */
export { autocast, type AutocastOptions, isAutocastAvailable } from './autocast.js';
export { customBwd, customFwd } from './custom.js';
export { GradScaler, type GradScalerOptions, type GradScalerState } from './grad-scaler.js';
