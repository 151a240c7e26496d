enum PlaceholderCloudClient {}
