/** Pretrained weights: file names at PyTorch's server (they end in a part of the file's SHA-256) and how images are prepared for them. */
import { weightsEnum } from './builder.js';

const common = {};
const crop224From232 = { resizeSize: 232 };

export const AlexNet_Weights = weightsEnum('AlexNet_Weights', {
  IMAGENET1K_V1: ['alexnet-owt-7be5be79', common],
});
export const ConvNeXt_Base_Weights = weightsEnum('ConvNeXt_Base_Weights', {
  IMAGENET1K_V1: ['convnext_base-6075fbad', crop224From232],
});
export const ConvNeXt_Large_Weights = weightsEnum('ConvNeXt_Large_Weights', {
  IMAGENET1K_V1: ['convnext_large-ea097f82', crop224From232],
});
export const ConvNeXt_Small_Weights = weightsEnum('ConvNeXt_Small_Weights', {
  IMAGENET1K_V1: ['convnext_small-0c510722', { resizeSize: 230 }],
});
export const ConvNeXt_Tiny_Weights = weightsEnum('ConvNeXt_Tiny_Weights', {
  IMAGENET1K_V1: ['convnext_tiny-983f1562', { resizeSize: 236 }],
});
export const DenseNet121_Weights = weightsEnum('DenseNet121_Weights', {
  IMAGENET1K_V1: ['densenet121-a639ec97', common],
});
export const DenseNet161_Weights = weightsEnum('DenseNet161_Weights', {
  IMAGENET1K_V1: ['densenet161-8d451a50', common],
});
export const DenseNet169_Weights = weightsEnum('DenseNet169_Weights', {
  IMAGENET1K_V1: ['densenet169-b2777c0a', common],
});
export const DenseNet201_Weights = weightsEnum('DenseNet201_Weights', {
  IMAGENET1K_V1: ['densenet201-c1103571', common],
});
export const EfficientNet_B0_Weights = weightsEnum('EfficientNet_B0_Weights', {
  IMAGENET1K_V1: ['efficientnet_b0_rwightman-7f5810bc', { interpolation: 'bicubic' }],
});
export const EfficientNet_B1_Weights = weightsEnum('EfficientNet_B1_Weights', {
  IMAGENET1K_V1: ['efficientnet_b1_rwightman-bac287d4', { cropSize: 240, interpolation: 'bicubic' }],
  IMAGENET1K_V2: ['efficientnet_b1-c27df63c', { cropSize: 240, resizeSize: 255 }],
});
export const EfficientNet_B2_Weights = weightsEnum('EfficientNet_B2_Weights', {
  IMAGENET1K_V1: ['efficientnet_b2_rwightman-c35c1473', { cropSize: 288, resizeSize: 288, interpolation: 'bicubic' }],
});
export const EfficientNet_B3_Weights = weightsEnum('EfficientNet_B3_Weights', {
  IMAGENET1K_V1: ['efficientnet_b3_rwightman-b3899882', { cropSize: 300, resizeSize: 320, interpolation: 'bicubic' }],
});
export const EfficientNet_B4_Weights = weightsEnum('EfficientNet_B4_Weights', {
  IMAGENET1K_V1: ['efficientnet_b4_rwightman-23ab8bcd', { cropSize: 380, resizeSize: 384, interpolation: 'bicubic' }],
});
export const EfficientNet_B5_Weights = weightsEnum('EfficientNet_B5_Weights', {
  IMAGENET1K_V1: ['efficientnet_b5_lukemelas-1a07897c', { cropSize: 456, resizeSize: 456, interpolation: 'bicubic' }],
});
export const EfficientNet_B6_Weights = weightsEnum('EfficientNet_B6_Weights', {
  IMAGENET1K_V1: ['efficientnet_b6_lukemelas-24a108a5', { cropSize: 528, resizeSize: 528, interpolation: 'bicubic' }],
});
export const EfficientNet_B7_Weights = weightsEnum('EfficientNet_B7_Weights', {
  IMAGENET1K_V1: ['efficientnet_b7_lukemelas-c5b4e57e', { cropSize: 600, resizeSize: 600, interpolation: 'bicubic' }],
});
export const EfficientNet_V2_L_Weights = weightsEnum('EfficientNet_V2_L_Weights', {
  IMAGENET1K_V1: [
    'efficientnet_v2_l-59c71312',
    { cropSize: 480, resizeSize: 480, interpolation: 'bicubic', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  ],
});
export const EfficientNet_V2_M_Weights = weightsEnum('EfficientNet_V2_M_Weights', {
  IMAGENET1K_V1: ['efficientnet_v2_m-dc08266a', { cropSize: 480, resizeSize: 480 }],
});
export const EfficientNet_V2_S_Weights = weightsEnum('EfficientNet_V2_S_Weights', {
  IMAGENET1K_V1: ['efficientnet_v2_s-dd5fe13b', { cropSize: 384, resizeSize: 384 }],
});
export const GoogLeNet_Weights = weightsEnum('GoogLeNet_Weights', {
  IMAGENET1K_V1: ['googlenet-1378be20', common],
});
export const Inception_V3_Weights = weightsEnum('Inception_V3_Weights', {
  IMAGENET1K_V1: ['inception_v3_google-0cc3c7bd', { cropSize: 299, resizeSize: 342 }],
});
export const MaxVit_T_Weights = weightsEnum('MaxVit_T_Weights', {
  IMAGENET1K_V1: ['maxvit_t-bc5ab103', { resizeSize: 224, interpolation: 'bicubic' }],
});
export const MNASNet0_5_Weights = weightsEnum('MNASNet0_5_Weights', {
  IMAGENET1K_V1: ['mnasnet0.5_top1_67.823-3ffadce67e', common],
});
export const MNASNet0_75_Weights = weightsEnum('MNASNet0_75_Weights', {
  IMAGENET1K_V1: ['mnasnet0_75-7090bc5f', crop224From232],
});
export const MNASNet1_0_Weights = weightsEnum('MNASNet1_0_Weights', {
  IMAGENET1K_V1: ['mnasnet1.0_top1_73.512-f206786ef8', common],
});
export const MNASNet1_3_Weights = weightsEnum('MNASNet1_3_Weights', {
  IMAGENET1K_V1: ['mnasnet1_3-a4c69d6f', crop224From232],
});
export const MobileNet_V2_Weights = weightsEnum('MobileNet_V2_Weights', {
  IMAGENET1K_V1: ['mobilenet_v2-b0353104', common],
  IMAGENET1K_V2: ['mobilenet_v2-7ebf99e0', crop224From232],
});
export const MobileNet_V3_Large_Weights = weightsEnum('MobileNet_V3_Large_Weights', {
  IMAGENET1K_V1: ['mobilenet_v3_large-8738ca79', common],
  IMAGENET1K_V2: ['mobilenet_v3_large-5c1a4163', crop224From232],
});
export const MobileNet_V3_Small_Weights = weightsEnum('MobileNet_V3_Small_Weights', {
  IMAGENET1K_V1: ['mobilenet_v3_small-047dcff4', common],
});
export const RegNet_X_16GF_Weights = weightsEnum('RegNet_X_16GF_Weights', {
  IMAGENET1K_V1: ['regnet_x_16gf-2007eb11', common],
  IMAGENET1K_V2: ['regnet_x_16gf-ba3796d7', crop224From232],
});
export const RegNet_X_1_6GF_Weights = weightsEnum('RegNet_X_1_6GF_Weights', {
  IMAGENET1K_V1: ['regnet_x_1_6gf-e3633e7f', common],
  IMAGENET1K_V2: ['regnet_x_1_6gf-a12f2b72', crop224From232],
});
export const RegNet_X_32GF_Weights = weightsEnum('RegNet_X_32GF_Weights', {
  IMAGENET1K_V1: ['regnet_x_32gf-9d47f8d0', common],
  IMAGENET1K_V2: ['regnet_x_32gf-6eb8fdc6', crop224From232],
});
export const RegNet_X_3_2GF_Weights = weightsEnum('RegNet_X_3_2GF_Weights', {
  IMAGENET1K_V1: ['regnet_x_3_2gf-f342aeae', common],
  IMAGENET1K_V2: ['regnet_x_3_2gf-7071aa85', crop224From232],
});
export const RegNet_X_400MF_Weights = weightsEnum('RegNet_X_400MF_Weights', {
  IMAGENET1K_V1: ['regnet_x_400mf-adf1edd5', common],
  IMAGENET1K_V2: ['regnet_x_400mf-62229a5f', crop224From232],
});
export const RegNet_X_800MF_Weights = weightsEnum('RegNet_X_800MF_Weights', {
  IMAGENET1K_V1: ['regnet_x_800mf-ad17e45c', common],
  IMAGENET1K_V2: ['regnet_x_800mf-94a99ebd', crop224From232],
});
export const RegNet_X_8GF_Weights = weightsEnum('RegNet_X_8GF_Weights', {
  IMAGENET1K_V1: ['regnet_x_8gf-03ceed89', common],
  IMAGENET1K_V2: ['regnet_x_8gf-2b70d774', crop224From232],
});
export const RegNet_Y_128GF_Weights = weightsEnum(
  'RegNet_Y_128GF_Weights',
  {
    IMAGENET1K_SWAG_E2E_V1: ['regnet_y_128gf_swag-c8ce3e52', { cropSize: 384, resizeSize: 384, interpolation: 'bicubic' }],
    IMAGENET1K_SWAG_LINEAR_V1: ['regnet_y_128gf_lc_swag-cbe8ce12', { resizeSize: 224, interpolation: 'bicubic' }],
  },
  'IMAGENET1K_SWAG_E2E_V1',
);
export const RegNet_Y_16GF_Weights = weightsEnum(
  'RegNet_Y_16GF_Weights',
  {
    IMAGENET1K_V1: ['regnet_y_16gf-9e6ed7dd', common],
    IMAGENET1K_V2: ['regnet_y_16gf-3e4a00f9', crop224From232],
    IMAGENET1K_SWAG_E2E_V1: ['regnet_y_16gf_swag-43afe44d', { cropSize: 384, resizeSize: 384, interpolation: 'bicubic' }],
    IMAGENET1K_SWAG_LINEAR_V1: ['regnet_y_16gf_lc_swag-f3ec0043', { resizeSize: 224, interpolation: 'bicubic' }],
  },
  'IMAGENET1K_V2',
);
export const RegNet_Y_1_6GF_Weights = weightsEnum('RegNet_Y_1_6GF_Weights', {
  IMAGENET1K_V1: ['regnet_y_1_6gf-b11a554e', common],
  IMAGENET1K_V2: ['regnet_y_1_6gf-0d7bc02a', crop224From232],
});
export const RegNet_Y_32GF_Weights = weightsEnum(
  'RegNet_Y_32GF_Weights',
  {
    IMAGENET1K_V1: ['regnet_y_32gf-4dee3f7a', common],
    IMAGENET1K_V2: ['regnet_y_32gf-8db6d4b5', crop224From232],
    IMAGENET1K_SWAG_E2E_V1: ['regnet_y_32gf_swag-04fdfa75', { cropSize: 384, resizeSize: 384, interpolation: 'bicubic' }],
    IMAGENET1K_SWAG_LINEAR_V1: ['regnet_y_32gf_lc_swag-e1583746', { resizeSize: 224, interpolation: 'bicubic' }],
  },
  'IMAGENET1K_V2',
);
export const RegNet_Y_3_2GF_Weights = weightsEnum('RegNet_Y_3_2GF_Weights', {
  IMAGENET1K_V1: ['regnet_y_3_2gf-b5a9779c', common],
  IMAGENET1K_V2: ['regnet_y_3_2gf-9180c971', crop224From232],
});
export const RegNet_Y_400MF_Weights = weightsEnum('RegNet_Y_400MF_Weights', {
  IMAGENET1K_V1: ['regnet_y_400mf-c65dace8', common],
  IMAGENET1K_V2: ['regnet_y_400mf-e6988f5f', crop224From232],
});
export const RegNet_Y_800MF_Weights = weightsEnum('RegNet_Y_800MF_Weights', {
  IMAGENET1K_V1: ['regnet_y_800mf-1b27b58c', common],
  IMAGENET1K_V2: ['regnet_y_800mf-58fc7688', crop224From232],
});
export const RegNet_Y_8GF_Weights = weightsEnum('RegNet_Y_8GF_Weights', {
  IMAGENET1K_V1: ['regnet_y_8gf-d0d0e4a8', common],
  IMAGENET1K_V2: ['regnet_y_8gf-dc2b1b54', crop224From232],
});
export const ResNet101_Weights = weightsEnum('ResNet101_Weights', {
  IMAGENET1K_V1: ['resnet101-63fe2227', common],
  IMAGENET1K_V2: ['resnet101-cd907fc2', crop224From232],
});
export const ResNet152_Weights = weightsEnum('ResNet152_Weights', {
  IMAGENET1K_V1: ['resnet152-394f9c45', common],
  IMAGENET1K_V2: ['resnet152-f82ba261', crop224From232],
});
export const ResNet18_Weights = weightsEnum('ResNet18_Weights', {
  IMAGENET1K_V1: ['resnet18-f37072fd', common],
});
export const ResNet34_Weights = weightsEnum('ResNet34_Weights', {
  IMAGENET1K_V1: ['resnet34-b627a593', common],
});
export const ResNet50_Weights = weightsEnum('ResNet50_Weights', {
  IMAGENET1K_V1: ['resnet50-0676ba61', common],
  IMAGENET1K_V2: ['resnet50-11ad3fa6', crop224From232],
});
export const ResNeXt101_32X8D_Weights = weightsEnum('ResNeXt101_32X8D_Weights', {
  IMAGENET1K_V1: ['resnext101_32x8d-8ba56ff5', common],
  IMAGENET1K_V2: ['resnext101_32x8d-110c445d', crop224From232],
});
export const ResNeXt101_64X4D_Weights = weightsEnum('ResNeXt101_64X4D_Weights', {
  IMAGENET1K_V1: ['resnext101_64x4d-173b62eb', crop224From232],
});
export const ResNeXt50_32X4D_Weights = weightsEnum('ResNeXt50_32X4D_Weights', {
  IMAGENET1K_V1: ['resnext50_32x4d-7cdf4587', common],
  IMAGENET1K_V2: ['resnext50_32x4d-1a0047aa', crop224From232],
});
export const ShuffleNet_V2_X0_5_Weights = weightsEnum('ShuffleNet_V2_X0_5_Weights', {
  IMAGENET1K_V1: ['shufflenetv2_x0.5-f707e7126e', common],
});
export const ShuffleNet_V2_X1_0_Weights = weightsEnum('ShuffleNet_V2_X1_0_Weights', {
  IMAGENET1K_V1: ['shufflenetv2_x1-5666bf0f80', common],
});
export const ShuffleNet_V2_X1_5_Weights = weightsEnum('ShuffleNet_V2_X1_5_Weights', {
  IMAGENET1K_V1: ['shufflenetv2_x1_5-3c479a10', crop224From232],
});
export const ShuffleNet_V2_X2_0_Weights = weightsEnum('ShuffleNet_V2_X2_0_Weights', {
  IMAGENET1K_V1: ['shufflenetv2_x2_0-8be3c8ee', crop224From232],
});
export const SqueezeNet1_0_Weights = weightsEnum('SqueezeNet1_0_Weights', {
  IMAGENET1K_V1: ['squeezenet1_0-b66bff10', common],
});
export const SqueezeNet1_1_Weights = weightsEnum('SqueezeNet1_1_Weights', {
  IMAGENET1K_V1: ['squeezenet1_1-b8a52dc0', common],
});
export const Swin_B_Weights = weightsEnum('Swin_B_Weights', {
  IMAGENET1K_V1: ['swin_b-68c6b09e', { resizeSize: 238, interpolation: 'bicubic' }],
});
export const Swin_S_Weights = weightsEnum('Swin_S_Weights', {
  IMAGENET1K_V1: ['swin_s-5e29d889', { resizeSize: 246, interpolation: 'bicubic' }],
});
export const Swin_T_Weights = weightsEnum('Swin_T_Weights', {
  IMAGENET1K_V1: ['swin_t-704ceda3', { resizeSize: 232, interpolation: 'bicubic' }],
});
export const Swin_V2_B_Weights = weightsEnum('Swin_V2_B_Weights', {
  IMAGENET1K_V1: ['swin_v2_b-781e5279', { cropSize: 256, resizeSize: 272, interpolation: 'bicubic' }],
});
export const Swin_V2_S_Weights = weightsEnum('Swin_V2_S_Weights', {
  IMAGENET1K_V1: ['swin_v2_s-637d8ceb', { cropSize: 256, resizeSize: 260, interpolation: 'bicubic' }],
});
export const Swin_V2_T_Weights = weightsEnum('Swin_V2_T_Weights', {
  IMAGENET1K_V1: ['swin_v2_t-b137f0e2', { cropSize: 256, resizeSize: 260, interpolation: 'bicubic' }],
});
export const VGG11_Weights = weightsEnum('VGG11_Weights', {
  IMAGENET1K_V1: ['vgg11-8a719046', common],
});
export const VGG11_BN_Weights = weightsEnum('VGG11_BN_Weights', {
  IMAGENET1K_V1: ['vgg11_bn-6002323d', common],
});
export const VGG13_Weights = weightsEnum('VGG13_Weights', {
  IMAGENET1K_V1: ['vgg13-19584684', common],
});
export const VGG13_BN_Weights = weightsEnum('VGG13_BN_Weights', {
  IMAGENET1K_V1: ['vgg13_bn-abd245e5', common],
});
export const VGG16_Weights = weightsEnum(
  'VGG16_Weights',
  {
    IMAGENET1K_V1: ['vgg16-397923af', common],
    IMAGENET1K_FEATURES: [
      'vgg16_features-amdegroot-88682ab5',
      { mean: [0.48235, 0.45882, 0.40784], std: [0.00392156862745098, 0.00392156862745098, 0.00392156862745098] },
    ],
  },
  'IMAGENET1K_V1',
);
export const VGG16_BN_Weights = weightsEnum('VGG16_BN_Weights', {
  IMAGENET1K_V1: ['vgg16_bn-6c64b313', common],
});
export const VGG19_Weights = weightsEnum('VGG19_Weights', {
  IMAGENET1K_V1: ['vgg19-dcbb9e9d', common],
});
export const VGG19_BN_Weights = weightsEnum('VGG19_BN_Weights', {
  IMAGENET1K_V1: ['vgg19_bn-c79401a0', common],
});
export const ViT_B_16_Weights = weightsEnum(
  'ViT_B_16_Weights',
  {
    IMAGENET1K_V1: ['vit_b_16-c867db91', common],
    IMAGENET1K_SWAG_E2E_V1: ['vit_b_16_swag-9ac1b537', { cropSize: 384, resizeSize: 384, interpolation: 'bicubic' }],
    IMAGENET1K_SWAG_LINEAR_V1: ['vit_b_16_lc_swag-4e70ced5', { resizeSize: 224, interpolation: 'bicubic' }],
  },
  'IMAGENET1K_V1',
);
export const ViT_B_32_Weights = weightsEnum('ViT_B_32_Weights', {
  IMAGENET1K_V1: ['vit_b_32-d86f8d99', common],
});
export const ViT_H_14_Weights = weightsEnum(
  'ViT_H_14_Weights',
  {
    IMAGENET1K_SWAG_E2E_V1: ['vit_h_14_swag-80465313', { cropSize: 518, resizeSize: 518, interpolation: 'bicubic' }],
    IMAGENET1K_SWAG_LINEAR_V1: ['vit_h_14_lc_swag-c1eb923e', { resizeSize: 224, interpolation: 'bicubic' }],
  },
  'IMAGENET1K_SWAG_E2E_V1',
);
export const ViT_L_16_Weights = weightsEnum(
  'ViT_L_16_Weights',
  {
    IMAGENET1K_V1: ['vit_l_16-852ce7e3', { resizeSize: 242 }],
    IMAGENET1K_SWAG_E2E_V1: ['vit_l_16_swag-4f3808c9', { cropSize: 512, resizeSize: 512, interpolation: 'bicubic' }],
    IMAGENET1K_SWAG_LINEAR_V1: ['vit_l_16_lc_swag-4d563306', { resizeSize: 224, interpolation: 'bicubic' }],
  },
  'IMAGENET1K_V1',
);
export const ViT_L_32_Weights = weightsEnum('ViT_L_32_Weights', {
  IMAGENET1K_V1: ['vit_l_32-c7638314', common],
});
export const Wide_ResNet101_2_Weights = weightsEnum('Wide_ResNet101_2_Weights', {
  IMAGENET1K_V1: ['wide_resnet101_2-32ee1156', common],
  IMAGENET1K_V2: ['wide_resnet101_2-d733dc28', crop224From232],
});
export const Wide_ResNet50_2_Weights = weightsEnum('Wide_ResNet50_2_Weights', {
  IMAGENET1K_V1: ['wide_resnet50_2-95faca4d', common],
  IMAGENET1K_V2: ['wide_resnet50_2-9ba9bcbe', crop224From232],
});
