-- What a script for people does first, with the modules for people loaded: qcsh --endpoint URL list_clusters.lua
for _, cluster in ipairs(qdrant.clusters:list()) do
  print(cluster.name)
end
