// Development config
const devConfig = {
  workerCount: 2,
  maxQueueSize: 1000,
  monitoring: { enabled: true, metricsInterval: 5000 }
};

// Production config
const prodConfig = {
  workerCount: 8,
  maxQueueSize: 50000,
  monitoring: { enabled: true, metricsInterval: 1000 }
};

export { devConfig, prodConfig };
