print("qcsh")
