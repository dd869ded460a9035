import { describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

const { createFeatureExtractor, getGraphNodeNames } = vision.models.featureExtraction;
const { nn } = torch;

describe('features', () => {
  const model = vision.models.resnet18({ numClasses: 4 }).eval();
  const input = torch.rand(1, 3, 32, 32);

  test('come out by the names of their modules or by others', () => {
    const extractor = createFeatureExtractor(model, { layer1: 'early', 'layer4.1.relu_1': 'late', avgpool: 'pooled' });
    const { early, late, pooled } = torch.noGrad(() => extractor(input));
    const expected = torch.noGrad(() => model.layer1(model.maxpool(model.relu(model.bn1(model.conv1(input))))));
    expect(early.equal(expected)).toBe(true);
    expect([[...late.shape], [...pooled.shape]]).toEqual([[1, 512, 1, 1], [1, 512, 1, 1]]); // prettier-ignore
    expect(late.mean([2, 3], true).equal(pooled)).toBe(true);
    const listed = createFeatureExtractor(model, ['layer2']);
    expect(Object.keys(listed(input))).toEqual(['layer2']);
    expect(Object.keys(listed.stateDict())).toEqual(Object.keys(model.stateDict()));
  });

  test('pass gradients on to the parameters, and nothing behind them is computed', () => {
    const calls: string[] = [];
    const handle = model.layer3.registerForwardHook(() => void calls.push('layer3'));
    const { layer2 } = createFeatureExtractor(model, { returnNodes: ['layer2'] })(input);
    layer2.sum().backward();
    expect([calls.length, model.conv1.weight.grad === null]).toEqual([0, false]);
    handle.remove();
    expect([...model(input).shape]).toEqual([1, 4]);
  });

  test('may differ between training and evaluation', () => {
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.Dropout(0.5), new nn.Linear(3, 1));
    const extractor = createFeatureExtractor(net, null, ['0'], { '2': 'out' });
    expect(Object.keys(extractor(torch.rand(1, 2)))).toEqual(['0']);
    expect(Object.keys(extractor.eval()(torch.rand(1, 2)))).toEqual(['out']);
    expect(() => createFeatureExtractor(net, { returnNodes: ['0'], trainReturnNodes: ['0'] })).toThrow('then both should be specified');
    expect(() => createFeatureExtractor(net, null)).toThrow('together, should be specified');
  });

  test('have names', () => {
    const [train, evaluation] = getGraphNodeNames(model);
    expect(train.slice(4, 9)).toEqual(['layer1.0.conv1', 'layer1.0.bn1', 'layer1.0.relu', 'layer1.0.conv2', 'layer1.0.bn2']);
    expect(evaluation).toEqual(train);
    expect(() => createFeatureExtractor(model, ['layer5'])).toThrow(
      "node: 'layer5' is not present in model. Hint: use `getGraphNodeNames`",
    );
    expect(() => createFeatureExtractor(model, ['relu_1'])(input)).toThrow("node: 'relu_1' was not reached");
  });
});
