/** `torch.onnx`. https://pytorch.org/docs/stable/onnx.html */
export { exportModel as export, type ExportOptions } from './export.js';
export { load, OnnxModule } from './import.js';
